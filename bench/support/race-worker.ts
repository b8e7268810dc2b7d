import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { GuildInQuestion } from '../../src/core/access/access.ts';
import { createCatalogue } from '../../src/core/catalogue/catalogue.ts';
import { parseCatalogueFile } from '../../src/core/catalogue/file.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import { NO_RULES } from '../../src/core/ledger/guild-rules.ts';
import { createLedger } from '../../src/core/ledger/ledger.ts';
import { createModelRequests } from '../../src/core/ledger/model-requests.ts';
import { UNLIMITED_GUILD, UNLIMITED_INSTALLATION } from '../../src/core/ports/limits.ts';
import type { ChatProvider, ChatRequest, TakeEvent, Usage } from '../../src/core/ports/provider.ts';
import { ProviderError } from '../../src/core/ports/provider-errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import { log } from './streams.ts';

/** The provider's way: it accounts for what it bills, or it reasons out of sight and never says so. */
export type Honesty = 'honest' | 'silent';

export const RACE_GUILD = 'discord:1';
const MODEL = 'maker/model';
/** Requests that one process has under way. */
const FLOWS = 16;
const OUTPUT_TOKENS = 100;
/** Two bytes of the prompt are reserved for, and 16 for its frame. */
const PROMPT_TOKENS = 18;
/** $1 and $10 per million tokens, in nano-dollars per token. */
const NANO_USD = { prompt: 1_000, completion: 10_000 };
const FILE = JSON.stringify({
  providers: [{ id: 'bench', baseUrl: 'http://127.0.0.1:1/v1', keyless: true }],
  models: [
    {
      id: MODEL,
      tier: 'free',
      routes: [{ provider: 'bench' }],
      prices: { promptPerMillion: 1, completionPerMillion: 10 },
    },
  ],
});

if (import.meta.main) {
  const [url = '', owner = '', books = '', honesty = 'honest', limit = '0'] = process.argv.slice(2);
  let isOver = false;
  // First: it keeps the process alive while the store waits for others to have opened it.
  process.on('message', () => {
    isOver = true;
  });
  const store = await openStore(url, { clock: systemClock, log });
  const billed = new Map<string, number>();
  const ledger = createLedger({
    store,
    clock: systemClock,
    log,
    owner,
    timeZone: 'UTC',
    installation: UNLIMITED_INSTALLATION,
    lookUpCost: async ({ generationId }) => billed.get(generationId) ?? null,
  });
  const guild: GuildInQuestion = {
    id: RACE_GUILD,
    tier: 'premium',
    operatorTier: 'premium',
    ownKeys: [],
    failedKeys: [],
  };
  const models = createModelRequests({
    offer: {
      catalogue: createCatalogue(parseCatalogueFile(FILE)),
      providers: new Map([['bench', createBiller(honesty as Honesty, books, billed)]]),
      operatorProviders: new Set(['bench']),
      searchProviders: new Set(),
    },
    guilds: { access: async () => guild } as never,
    ownKeys: { providers: [], useKey: async () => null },
    ledger,
    limits: {
      rulesInForce: async () => NO_RULES,
      limitsBy: async () => ({ ...UNLIMITED_GUILD, nanoUsdPerGuildPerDay: Number(limit) }),
    } as never,
    warnings: { watch() {}, reached() {} },
    clock: systemClock,
    timeZone: 'UTC',
  });

  let serial = 0;

  const request = async (): Promise<void> => {
    const id = `${owner}-${serial++}`;
    const opened = await models.openRequest({
      id,
      actor: { guild: RACE_GUILD, user: `user ${serial % 20}`, name: 'Mia', groups: async () => [] },
      model: MODEL,
      messages: [{ role: 'user', content: 'Hi' }],
      maxOutputTokens: OUTPUT_TOKENS,
      webSearch: false,
      conversation: id,
    });
    if (!opened.ok) return;
    const stop = new AbortController();
    try {
      await opened.stream(({ type }) => {
        if (type === 'reasoning') stop.abort();
      }, stop.signal);
    } catch {
      // It broke off, was stopped or was turned away: what that costs is the point.
    }
    await opened.settle();
  };

  const flow = async (): Promise<void> => {
    while (!isOver) {
      await request();
      process.send?.('done');
    }
  };
  await Promise.all(Array.from({ length: FLOWS }, flow));
  await ledger.stop();
  await store.close();
  process.exit(0);
}

/** A provider in this process, whose books outlive it. */
function createBiller(honesty: Honesty, books: string, billed: Map<string, number>): ChatProvider {
  const bill = (id: string, nanoUsd: number): void => {
    billed.set(id, nanoUsd);
    appendFileSync(books, `${id} ${nanoUsd}\n`);
  };
  const none = async (): Promise<never> => {
    throw new Error('nobody asks for that');
  };

  /** The session of a request is its id here: books and ledger are held against each other by it. */
  async function stream(
    { maxOutputTokens = 0, sessionId: id = '' }: ChatRequest,
    take: TakeEvent,
    signal: AbortSignal,
  ): Promise<void> {
    const fate = Math.random();
    if (fate < 0.05) throw new ProviderError({ code: 'rate_limited', provider: 'bench', status: 429 });
    const completionTokens = 1 + Math.floor(Math.random() * (maxOutputTokens - 1));
    const used: Usage = {
      promptTokens: PROMPT_TOKENS,
      completionTokens,
      reasoningTokens: 0,
      cachedPromptTokens: 0,
      cacheWriteTokens: 0,
      webSearches: 0,
      costNanoUsd: null,
      isByok: false,
    };
    const costNanoUsd = used.promptTokens * NANO_USD.prompt + completionTokens * NANO_USD.completion;
    bill(id, costNanoUsd);
    if (honesty === 'honest') await take({ type: 'start', generationId: id } as const);
    await delay(Math.random() * 5);
    const done = {
      type: 'done',
      finish: 'stop',
      model: null,
      generationId: id,
      skippedLines: 0,
      skippedImages: 0,
      tools: [],
    } as const;
    if (honesty === 'silent') {
      if (fate < 0.5) await take({ type: 'reasoning', delta: 'Hm.' } as const);
      signal.throwIfAborted();
      await take({ type: 'text', delta: 'Yes.' } as const);
      await take({ ...done, usage: null });
    } else if (fate < 0.1) {
      await take({ type: 'reasoning', delta: 'Hm.' } as const);
      signal.throwIfAborted();
    } else if (fate < 0.15) {
      throw new ProviderError({ code: 'cut_off', provider: 'bench', mayBeBilled: true });
    } else {
      await take({ type: 'text', delta: 'Yes.' } as const);
      await take({ ...done, usage: fate < 0.5 ? used : { ...used, costNanoUsd } });
    }
  }

  return {
    id: 'bench',
    looksUpCosts: honesty === 'honest',
    stream,
    models: none,
    generationCost: none,
    checkKey: none,
  };
}
