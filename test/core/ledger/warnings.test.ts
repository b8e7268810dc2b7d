import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOnce } from '../../../src/core/coordination/once.ts';
import type { Level } from '../../../src/core/ledger/ledger.ts';
import { createLimitWarnings, type LimitWarnings } from '../../../src/core/ledger/warnings.ts';
import type { TellAdmins } from '../../../src/core/ports/adapter.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);
const guild = { guild: 'discord:1', payer: 'operator' } as const;

const daily: Level = {
  limit: 'nanoUsdPerGuildPerDay',
  unit: 'nanoUsd',
  used: 4e9,
  setAside: 0,
  most: 5e9,
  renewsAtMs: MIDNIGHT,
};

let clock: FakeClock;
let store: Store;
let told: string[];
let logged: string[];
let open: { stop(): Promise<void> }[];

beforeEach(async () => {
  clock = createFakeClock(NOON);
  store = await openStore('memory:', { clock, log: pino({ level: 'silent' }) });
  told = [];
  logged = [];
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((warnings) => warnings.stop()));
  await store.close();
});

function warningsOf(
  owner = 'process-1',
  tell?: TellAdmins,
  level: 'warn' | 'info' = 'warn',
): LimitWarnings & { readonly stop: () => Promise<void> } {
  const log = pino({ level }, { write: (line: string) => void logged.push(line) });
  const once = createOnce({ store, owner, clock, log });
  open.push(once);
  const warnings = createLimitWarnings({
    once,
    tellAdmins:
      tell ??
      (async (id, { text }) => {
        told.push(`${id}: ${text}`);
        return true;
      }),
    clock,
    timeZone: 'UTC',
    log,
  });
  return { ...warnings, stop: () => once.stop() };
}

describe('warnings of limits', () => {
  it('are given at 80 % and at the end, to the guild’s admins, once each', async () => {
    const warnings = warningsOf();
    const atUse = (used: number) => warnings.watch(guild, [{ ...daily, used }]);
    for (const used of [3.9e9, 4e9, 4.5e9, 4.9e9, 5e9, 5.1e9]) atUse(used);
    await warnings.stop();
    expect(told).toEqual([
      `discord:1: **80 % of a limit is used.** $4.00 of $5.00 used (daily limit for everyone here). It resets <t:${MIDNIGHT / 1_000}:R>. \`/usage\` shows who used how much; \`/limits\` shows and changes the limits.`,
      `discord:1: **Limit reached.** $5.00 of $5.00 used (daily limit for everyone here). It resets <t:${MIDNIGHT / 1_000}:R>. Requests over the limit are refused until then. \`/usage\` shows who used how much; \`/limits\` shows and changes the limits.`,
    ]);
  });

  it('come once from all processes together', async () => {
    const processes = [warningsOf('process-1'), warningsOf('process-2'), warningsOf('process-3')];
    for (const warnings of processes) warnings.watch(guild, [daily]);
    await Promise.all(processes.map((warnings) => warnings.stop()));
    expect(told).toHaveLength(1);
  });

  it('come again in the next period, and for each guild, limit and payer', async () => {
    const warnings = warningsOf();
    warnings.watch(guild, [daily]);
    warnings.watch(guild, [{ ...daily, renewsAtMs: MIDNIGHT + 86_400_000 }]);
    warnings.watch({ ...guild, guild: 'discord:2' }, [daily]);
    warnings.watch(guild, [{ ...daily, limit: 'nanoUsdPerGuildPerMonth' }]);
    warnings.watch({ ...guild, payer: 'guild' }, [daily]);
    await warnings.stop();
    expect(told).toHaveLength(5);
    expect(told.filter((text) => /API keys connected here pay/.test(text))).toHaveLength(1);
  });

  it('say the end where a limit turned a request away that had room for little', async () => {
    const warnings = warningsOf();
    warnings.reached(guild, { ...daily, used: 4.9e9 });
    await warnings.stop();
    expect(told[0]).toMatch(/\*\*Limit reached\.\*\* \$4\.90/);
  });

  it('are not given where a request was just too big, where nothing is limited or allowed, or for one person’s limit', async () => {
    const warnings = warningsOf();
    warnings.reached(guild, { ...daily, used: 1e9 });
    warnings.watch(guild, [
      { ...daily, most: null },
      { ...daily, used: 0, most: 0 },
      { ...daily, limit: 'requestsPerUserPerDay', unit: 'requests', used: 9, most: 10 },
    ]);
    await warnings.stop();
    expect(told).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('do not count what is set aside for answers under way, which comes back for the most part', async () => {
    const warnings = warningsOf();
    warnings.watch(guild, [{ ...daily, used: 4.9e9, setAside: 2e9 }]);
    warnings.reached(guild, { ...daily, used: 4.9e9, setAside: 4e9 });
    await warnings.stop();
    expect(told).toEqual([]);
    const later = warningsOf();
    later.watch(guild, [{ ...daily, used: 4.9e9, setAside: 0.7e9 }]);
    await later.stop();
    expect(told).toEqual([expect.stringMatching(/of a limit is used\.\*\* \$4\.20 of \$5\.00 used/)]);
  });

  it('of the installation’s limits go to the log, once, whichever guild comes near', async () => {
    const warnings = warningsOf();
    const level: Level = { ...daily, limit: 'nanoUsdPerDay' };
    warnings.watch(guild, [level]);
    warnings.watch({ ...guild, guild: 'discord:2' }, [level]);
    await warnings.stop();
    expect(told).toEqual([]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/a limit of the installation is nearly used up/);
  });

  it.each([
    [4e9, 'a limit of a guild is nearly used up'],
    [5e9, 'a limit of a guild is used up'],
  ])('stand in the log too, with what is used and who was told: %d', async (used, msg) => {
    const warnings = warningsOf('process-1', async () => false, 'info');
    warnings.watch(guild, [{ ...daily, used }]);
    await warnings.stop();
    const facts = { limit: daily.limit, used, most: 5e9, renewsAtMs: MIDNIGHT };
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ ...facts, guild: 'discord:1', told: false, msg }),
    ]);
  });

  it.each([
    [4e9, 'a limit of the installation is nearly used up'],
    [5e9, 'a limit of the installation is used up'],
  ])("of the installation's limits have what is used: %d", async (used, msg) => {
    const warnings = warningsOf();
    warnings.watch(guild, [{ ...daily, limit: 'nanoUsdPerMonth', used }]);
    await warnings.stop();
    const facts = { level: 40, limit: 'nanoUsdPerMonth', used, most: 5e9, renewsAtMs: MIDNIGHT, msg };
    expect(logged.map((line) => JSON.parse(line))).toEqual([expect.objectContaining(facts)]);
  });

  it('that cannot be given are logged, and hold up nobody', async () => {
    const warnings = warningsOf('process-1', async () => {
      throw new Error('the platform is down');
    });
    warnings.watch(guild, [daily]);
    // The claim takes its turns in the store; the fault comes after.
    await expect.poll(() => logged.join(''), { timeout: 15_000 }).toMatch(/could not warn of a limit/);
  });

  it('leave nothing for the journal to take over', async () => {
    const warnings = warningsOf();
    warnings.watch(guild, [daily]);
    await warnings.stop();
    expect(await store.claims.takeOver('process-2', MIDNIGHT, MIDNIGHT + 1)).toBeNull();
  });
});
