import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Alerts, createAlerts } from '../../../src/app/telemetry/alerts.ts';
import { createLog } from '../../../src/app/telemetry/log.ts';
import { startStoreWatch } from '../../../src/app/telemetry/store-watch.ts';
import { type ClaimStore, type Store, StoreError } from '../../../src/core/ports/store.ts';
import type { Telemetry } from '../../../src/core/ports/telemetry.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { NO_TELEMETRY } from '../../support/no-telemetry.ts';
import { createTestBot, invocationOf, testSurface } from '../../support/test-bot.ts';

const silent = pino({ level: 'silent' });
const noCredit = {
  provider: 'openai',
  model: 'openai/gpt-4o',
  payer: 'operator',
  code: 'no_credit',
} as const;

let clock: FakeClock;
let store: Store;
let lines: string[];
let told: string[];
let opened: Alerts[];

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log: silent });
  lines = [];
  told = [];
  opened = [];
});
afterEach(async () => {
  for (const alerts of opened) await alerts.stop();
  await store.close();
});

/** Those of one process. */
function open(owner = 'p', over: Pick<Store, 'claims' | 'write'> = store): Alerts {
  const alerts = createAlerts({
    store: over,
    owner,
    nameOf: () => 'OpenAI',
    operators: new Set(['discord:1', 'slack:T1/U1']),
    tell: async (operator, { text }) => {
      told.push(`${operator}: ${text}`);
      return true;
    },
    clock,
    log: createLog('warn', { write: (line) => lines.push(line) }),
  });
  opened.push(alerts);
  return alerts;
}

describe('what only the operator can put right', () => {
  it('is said once an hour by all processes: in the log without a stack, and to each operator with what to do', async () => {
    const [one, two] = [open('p'), open('q')];
    for (let times = 0; times < 3; times++) for (const alerts of [one, two]) alerts.providerFailed(noCredit);
    await expect.poll(() => told).toHaveLength(2);
    expect(told[0]).toBe(
      'discord:1: **Answers by OpenAI fail until you fix this (no_credit).** Top up its account, or raise the limit of its key.',
    );
    expect(told[1]).toContain('slack:T1/U1: ');
    // A process that starts meanwhile.
    await clock.advance(60_000);
    open('r').providerFailed(noCredit);
    await clock.advance(3_539_000);
    two.providerFailed(noCredit);
    two.providerFailed({ ...noCredit, code: 'bad_key' });
    await expect.poll(() => told).toHaveLength(4);
    await clock.advance(1_000);
    two.providerFailed(noCredit);
    await expect.poll(() => told).toHaveLength(6);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', failure: 'no_credit', remedy: 'top up its account, or raise the limit of its key' },
      { failure: 'bad_key' },
      { failure: 'no_credit' },
    ]);
    expect(lines.join('')).not.toContain('stack');
  });

  it('is not what guilds’ own keys lack, nor what passes', async () => {
    const alerts = open();
    alerts.providerFailed({ ...noCredit, payer: 'guild' });
    for (const code of ['timeout', 'rate_limited', 'provider_down'] as const) {
      alerts.providerFailed({ ...noCredit, code });
    }
    await alerts.stop();
    expect([lines, told]).toEqual([[], []]);
  });

  it('is said of the store while it is down, too', async () => {
    const down = async () => {
      throw new StoreError('gone');
    };
    const alerts = open('p', { claims: { ...store.claims, claim: down }, write: down });
    for (let times = 0; times < 3; times++) alerts.storeFailed('gone');
    await expect.poll(() => told).toHaveLength(2);
    await alerts.stop();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ failure: 'store', reason: 'gone' }]);
    expect(told).toHaveLength(2);
  });

  it('is said of a permission for each guild in the log, and once in direct messages', async () => {
    const alerts = open();
    for (const guild of ['discord:1', 'discord:2', 'discord:1'] as const) {
      alerts.obstructed({ guild, channel: 'c', advice: 'I may not write here. Ask an admin.' });
    }
    await expect.poll(() => lines).toHaveLength(2);
    await alerts.stop();
    expect(told).toHaveLength(2);
    expect(told[0]).toContain('I may not write here. Ask an admin.');
  });
});

describe('a watch on the store', () => {
  async function watched(faults: number): Promise<number> {
    let left = faults;
    let failed = 0;
    const claim: ClaimStore['claim'] = async (...args) => {
      if (left-- > 0) throw new StoreError('the disk is full');
      return store.claims.claim(...args);
    };
    const watch = startStoreWatch({
      store: { claims: { ...store.claims, claim }, write: store.write },
      owner: 'p',
      failed: (reason) => {
        expect(reason).toContain('the disk is full');
        failed++;
      },
      clock,
      log: silent,
    });
    for (let seconds = 0; seconds < 120; seconds += 5) await clock.advance(5_000);
    await watch.stop();
    return failed;
  }

  it('tells if two writes in a row fail, and not if one does', async () => {
    expect(await watched(1)).toBe(0);
    expect(await watched(2)).toBe(1);
    expect(await store.claims.underWay(0)).toEqual([]);
  });
});

describe('a bot', () => {
  it('tells of a provider that failed although a fallback answered, and of a place where it may not post', async () => {
    const failures: unknown[] = [];
    const telemetry: Telemetry = {
      ...NO_TELEMETRY,
      providerFailed: (failure) => failures.push(failure),
      obstructed: (obstruction) => failures.push(obstruction),
    };
    const bot = await createTestBot({ defaultTier: 'premium', telemetry });
    bot.provider.script(
      (response) =>
        void response
          .writeHead(404, { 'content-type': 'application/json' })
          .end('{"error":{"code":404,"message":"No endpoints found for it."}}'),
    );
    const options = { prompt: 'Hello?', model: 'openai/gpt-4o-mini' };
    await bot.dispatch.command(invocationOf('ask', options));
    expect(failures).toMatchObject([
      { provider: 'openrouter', model: 'openai/gpt-4o-mini', payer: 'operator', code: 'model_gone' },
    ]);
    const surface = { ...testSurface(), obstacle: async () => 'I may not write here.' };
    await bot.dispatch.command(invocationOf('ask', options, { surface }));
    expect(failures[1]).toEqual({ guild: 'discord:1', channel: 'c1', advice: 'I may not write here.' });
    await bot.close();
  });
});
