import { expect } from 'vitest';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import type { Effort } from '../../src/core/ports/effort.ts';
import { UNLIMITED_GUILD } from '../../src/core/ports/limits.ts';
import type { LedgerStore } from '../../src/core/ports/store.ts';
import type { ReplyStatus } from '../../src/core/ports/surface.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createIdleClock } from '../support/idle-clock.ts';
import type { MemorySurface } from '../support/memory-surface.ts';
import { createFakeProvider, type RecordedRequest, type Reply } from '../support/provider/fake-provider.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testSurface } from '../support/test-bot.ts';
import { waitUntil } from '../support/wait-until.ts';

/** One dialect: what a provider sends, and what becomes of it. README.md says how to add one. */
export interface Row {
  /** Completes "a provider that …". */
  readonly name: string;
  /** The kind of endpoint (`preset` in `models.json`): decides which fields are sent. Default `compatible`. */
  readonly provider?: 'openrouter' | 'openai' | 'compatible';
  /** More of the provider's entry in `models.json`, such as `features`; of `compatible` alone. */
  readonly definition?: object;
  /** More of the model's entry in `models.json`; by default $1 and $10 per million tokens and 128,000 tokens of context. */
  readonly model?: object;
  /** Answers to the requests, in order. One beyond them is refused with 400. */
  readonly replies: readonly Reply[];
  /** Asked one after the other in one conversation; the expectations are of the last. Default: one question. */
  readonly questions?: readonly string[];
  /** Asked by `/ask` with this effort, instead of by a message. */
  readonly effort?: Effort;
  /** Seconds, of which 20 pass in each second of the test. Default: so long that none is over. */
  readonly idleSec?: number;
  readonly firstProgressSec?: number;
  readonly progressSec?: number;
  /** Responses of `GET /generation`, by id. With them the row waits until the price was looked up. */
  readonly generations?: Readonly<Record<string, object>>;
  /** Done while the last answer streams, such as a press of Stop. */
  readonly meanwhile?: (scene: Scene) => Promise<void>;
  readonly expect: Expected;
}

export interface Expected {
  /** All that a person reads as the answer: exactly this, or what matches. */
  readonly text: string | RegExp;
  /** The line under it; null for none. */
  readonly note: string | RegExp | null;
  /** Default: `complete` without a note, else whatever it is. */
  readonly status?: ReplyStatus;
  /**
   * Nano-dollars in the counters when all is settled, of all questions; `reserved`: all that was set aside, because nobody said
   * what was used.
   */
  readonly booked: number | 'reserved';
  /** Chat requests that reached the provider. */
  readonly requests: number;
  /** Requests that count against limits. Default: as many as questions where something is booked, else none. */
  readonly counted?: number;
  /** Anything else, such as what the requests held. */
  readonly also?: (outcome: Outcome) => void | Promise<void>;
}

export interface Scene {
  readonly bot: TestBot;
  readonly surface: MemorySurface;
  /** Waits until a person reads that. */
  shows(text: string): Promise<void>;
  /** Sends `/stop`, as the asker. */
  stop(): Promise<void>;
}

export interface Outcome extends Scene {
  readonly chats: readonly RecordedRequest[];
  readonly logged: string;
}

const SPEED = 100;
/** Far from the end of a day or a month, where counters begin anew. */
const MORNING_MS = Date.UTC(2026, 10, 12, 9);
const NEVER_SEC = 100_000;
/** The asker whom `messageOf` makes up. */
const WHOSE = { guild: 'discord:1', user: 'mia', payer: 'operator' } as const;

/** Runs a row through the real HTTP client, core and ledger onto a surface, and holds it to what is expected. */
export async function runRow(row: Row): Promise<void> {
  const { provider: preset = 'compatible', questions = ['What is a fjord?'], expect: expected } = row;
  const clock = createIdleClock(SPEED, MORNING_MS);
  const { log } = createLogRecorder();
  const store = await openStore('memory:', { clock, log });
  const setAside: number[] = [];
  const provider = await createFakeProvider({
    dialect: preset,
    ...(row.generations && { generations: row.generations }),
  });
  const bot = await createTestBot({
    store: { ...store, ledger: { ...store.ledger, reserve: noting(store.ledger.reserve, setAside) } },
    provider,
    file: fileOf(row, preset),
    keys: [preset === 'compatible' ? 'server' : preset],
    defaultTier: 'premium',
    defaultModel: MODEL_ID,
    clock,
    client: {
      timeouts: {
        requestMs: NEVER_SEC * 1_000,
        silenceMs: (row.idleSec ?? NEVER_SEC) * 1_000,
        firstProgressMs: (row.firstProgressSec ?? NEVER_SEC) * 1_000,
        progressMs: (row.progressSec ?? NEVER_SEC) * 1_000,
      },
    },
  });
  try {
    provider.script(...row.replies);
    let surface = testSurface();
    for (const [index, text] of questions.entries()) {
      surface = testSurface({ clock });
      const asked = row.effort
        ? bot.dispatch.command(
            invocationOf('ask', { prompt: text, effort: row.effort }, { surface, place: PLACE }),
          )
        : bot.dispatch.message(messageOf(text, { surface, place: PLACE }));
      if (index === questions.length - 1) await row.meanwhile?.(sceneOf(bot, surface));
      await asked;
    }
    if (row.generations) {
      await waitUntil(async () =>
        expect(await bot.ledger.openReservations({ guild: WHOSE.guild })).toEqual([]),
      );
    }
    const chats = [...provider.chats];
    await bot.close();
    const levels = await bot.ledger.levels(WHOSE, UNLIMITED_GUILD);
    const level = (limit: string) => levels.find((other) => other.limit === limit)?.used;
    const whole = setAside.reduce((sum, nanoUsd) => sum + nanoUsd, 0);
    const { booked, requests } = expected;
    const counted = expected.counted ?? (booked === 0 ? 0 : questions.length);
    const last = surface.shown;
    // One look at all of it: what is wrong elsewhere mostly says why.
    expect({
      text: surface.text,
      note: last?.note ?? null,
      status: last?.status,
      booked: level('nanoUsdPerGuildPerDay'),
      requests: chats.length,
      counted: level('requestsPerUserPerDay'),
      violations: surface.violations,
    }).toEqual({
      text: match(expected.text),
      note: match(expected.note),
      status: expected.status ?? (expected.note === null ? 'complete' : expect.any(String)),
      booked: booked === 'reserved' ? whole : booked,
      requests,
      counted,
      violations: [],
    });
    await expected.also?.({ ...sceneOf(bot, surface), chats, logged: bot.logged() });
  } finally {
    await bot.close();
    await provider.close();
    await store.close();
  }
}

const PLACE = { channel: 'c1', key: 'discord:c1' };
const MODEL_ID = 'test/model';

function fileOf({ definition, model }: Row, preset: NonNullable<Row['provider']>) {
  const provider = preset === 'compatible' ? 'server' : preset;
  const server = {
    id: 'server',
    name: 'The server',
    baseUrl: 'http://127.0.0.1/v1',
    keyless: true,
    ...definition,
  };
  const entry = {
    id: MODEL_ID,
    name: 'Test model',
    tier: 'free',
    routes: [{ provider }],
    contextTokens: 128_000,
    prices: { promptPerMillion: 1, completionPerMillion: 10 },
    ...model,
  };
  return parseCatalogueFile(JSON.stringify({ providers: [server], models: [entry] }));
}

function sceneOf(bot: TestBot, surface: MemorySurface): Scene {
  return {
    bot,
    surface,
    shows: (text) => waitUntil(() => expect(surface.text).toContain(text)),
    stop: () => bot.dispatch.command(invocationOf('stop', {}, { place: PLACE })),
  };
}

function noting(reserve: LedgerStore['reserve'], setAside: number[]): typeof reserve {
  return async (reservation) => {
    const result = await reserve(reservation);
    if (result.ok) setAside.push(reservation.reserved.nanoUsd);
    return result;
  };
}

function match(wanted: string | RegExp | null): unknown {
  return wanted instanceof RegExp ? expect.stringMatching(wanted) : wanted;
}
