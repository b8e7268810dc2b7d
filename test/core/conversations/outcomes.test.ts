import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  failuresInWords,
  outcomeOf,
  percentile,
  readOutcomes,
} from '../../../src/core/conversations/outcome-report.ts';
import {
  createOutcomeLog,
  type OutcomeLog,
  startCounting,
} from '../../../src/core/conversations/outcomes.ts';
import type { GuildId } from '../../../src/core/ports/actor.ts';
import { type Store, StoreError } from '../../../src/core/ports/store.ts';
import type { AnswerFacts } from '../../../src/core/ports/telemetry.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { createTestBot, invocationOf } from '../../support/test-bot.ts';

const { log } = createLogRecorder();

let folder: string;
let clock: FakeClock;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  clock = createFakeClock();
  store = await reopened();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const reopened = () => openStore(`sqlite:${join(folder, 'parley.db')}`, { clock, log });

function facts(
  model: string,
  failure: string | null,
  firstTextMs: number | null,
  guild: GuildId = 'discord:1',
) {
  return { model, provider: 'p', failure, firstTextMs, guild } as AnswerFacts;
}

const rows = () =>
  readOutcomes(createOutcomeLog(store.records), { guild: null, day: '2000-01-01', timeZone: 'UTC' });

describe('how answers went', () => {
  it('is written down every half minute and at the end, together, and is there after a restart', async () => {
    const outcomes = createOutcomeLog(store.records);
    const counting = startCounting(outcomes, clock, log);
    for (const firstTextMs of [100, 300, 200]) counting.note(facts('a', null, firstTextMs));
    counting.note(facts('a', 'timeout', null));
    counting.note(facts('b', null, 50));
    expect(await rows()).toEqual([]);
    await clock.advance(30_000);
    await expect
      .poll(async () => (await Array.fromAsync(store.records.query({ kind: 'outcomes' }))).length)
      .toBe(1);
    counting.note(facts('a', 'timeout', null));
    await counting.stop();
    await store.close();
    store = await reopened();
    const sums = Map.groupBy(await rows(), ({ model }) => model);
    const a = outcomeOf(sums.get('a') ?? []);
    expect(a).toMatchObject({ answers: 5, failed: 2, failures: { timeout: 2 } });
    expect([percentile(a.firstTextMs, 50), percentile(a.firstTextMs, 95)]).toEqual([200, 300]);
    expect(failuresInWords(a)).toBe('2 of 5 (timeout 2)');
    expect(failuresInWords({ ...a, failed: 1_003, failures: { rare: 1, timeout: 1_000, other: 2 } })).toBe(
      '1,003 of 5 (timeout 1,000, other 2, rare 1)',
    );
    expect(outcomeOf(sums.get('b') ?? [])).toMatchObject({ answers: 1, failed: 0 });
  });

  it('is read from the first day on by the calendar of the time zone', async () => {
    const outcomes = createOutcomeLog(store.records);
    for (const time of ['2026-11-28T22:59Z', '2026-11-28T23:01Z', '2026-11-29T12:00Z']) {
      const counts = { model: time, provider: 'p', answers: 1, failures: {}, firstTextMs: [] };
      await outcomes.append('discord:1', Date.parse(time), [counts]);
    }
    const read = await readOutcomes(outcomes, { guild: null, day: '2026-11-29', timeZone: 'Europe/Berlin' });
    expect(read.map(({ day, model }) => [day, model])).toEqual([
      ['2026-11-29', '2026-11-29T12:00Z'],
      ['2026-11-29', '2026-11-28T23:01Z'],
    ]);
  });

  it('is kept until the store takes it', async () => {
    const outcomes = createOutcomeLog(store.records);
    let isDown = true;
    const append: typeof outcomes.append = async (...args) => {
      if (isDown) throw new StoreError('gone');
      return outcomes.append(...args);
    };
    const counting = startCounting({ append }, clock, log);
    counting.note(facts('a', null, 100));
    await clock.advance(30_000);
    counting.note(facts('a', null, 300));
    isDown = false;
    await counting.stop();
    expect(await rows()).toMatchObject([{ model: 'a', answers: 2, firstTextMs: [100, 300] }]);
  });

  it('counts all of many answers, keeps the first 200 times, and no more than 5,000 models apart', async () => {
    const written: unknown[] = [];
    const append = async (...[, , counts]: Parameters<OutcomeLog['append']>) => void written.push(...counts);
    const counting = startCounting({ append }, clock, log);
    for (let index = 0; index < 250; index++) counting.note(facts('a', null, index));
    for (let index = 0; index < 5_000; index++) counting.note(facts(`model ${index}`, null, 1));
    await counting.stop();
    expect(written).toHaveLength(5_000);
    expect(written[0]).toMatchObject({ model: 'a', answers: 250, firstTextMs: [...Array(200).keys()] });
  });

  it('says of direct messages no more than that there were some', async () => {
    const counting = startCounting(createOutcomeLog(store.records), clock, log);
    for (const user of ['1', '2']) counting.note(facts('a', null, 100, `discord:dm:${user}`));
    await counting.stop();
    expect(await rows()).toMatchObject([{ guild: 'discord:dm:0', answers: 2 }]);
  });

  it('counts what a bot answered and what failed, and goes with /forget what:guild', async () => {
    const bot = await createTestBot({ store, defaultTier: 'premium' });
    bot.provider.answer('Yes.');
    for (const prompt of ['One?', 'Two?']) {
      await bot.dispatch.command(invocationOf('ask', { prompt, model: 'openai/gpt-4o-mini' }));
    }
    await bot.close();
    const [row] = await rows();
    expect(row).toMatchObject({ guild: 'discord:1', model: 'openai/gpt-4o-mini', answers: 2, failed: 1 });
    expect(row?.firstTextMs).toHaveLength(1);
    const next = await createTestBot({ store });
    await next.services.privacy.forgetGuild('discord:1', 'discord:7');
    await next.close();
    expect(await rows()).toEqual([]);
  });
});
