import type { Logger } from 'pino';
import type { Once } from '../coordination/once.ts';
import type { Clock } from '../kit/time/clock.ts';
import { platformOf } from '../ports/actor.ts';
import type { TellAdmins } from '../ports/adapter.ts';
import { LIMITS } from '../ports/limits.ts';
import type { LedgerEntry } from '../ports/store.ts';
import type { Level } from './ledger.ts';
import { levelInWords } from './limit-words.ts';

/** The share of a limit from which on it counts as near. */
const NEAR = 0.8;

export type LimitWarnings = ReturnType<typeof createLimitWarnings>;

/** Warns those who pay that a limit is near or reached: once per period each, over all processes. */
export function createLimitWarnings(options: {
  readonly once: Once;
  readonly tellAdmins: TellAdmins;
  readonly clock: Clock;
  /** IANA name of the time zone in which people read when a limit resets. */
  readonly timeZone: string;
  readonly log: Logger;
}) {
  const { once, tellAdmins, clock, timeZone, log } = options;

  async function warn(
    { guild, payer }: Pick<LedgerEntry, 'guild' | 'payer'>,
    level: Level,
    isEnd: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const words = levelInWords(level, { nowMs: clock.now(), timeZone, platform: platformOf(guild) });
    const { limit, used, most, renewsAtMs } = level;
    const facts = { limit, used, most, renewsAtMs };
    if (LIMITS[limit].scope === 'installation') {
      log.warn(
        facts,
        isEnd ? 'a limit of the installation is used up' : 'a limit of the installation is nearly used up',
      );
      return;
    }
    const whose = payer === 'guild' ? ' This counts only what the API keys connected here pay for.' : '';
    const heading = isEnd ? '**Limit reached.**' : '**80 % of a limit is used.**';
    const effect = isEnd ? 'Requests over the limit are refused until then. ' : '';
    const text = `${heading} ${words}${whose} ${effect}\`/usage\` shows who used how much; \`/limits\` shows and changes the limits.`;
    const told = await tellAdmins(guild, { text }, signal);
    log.info(
      { ...facts, guild, told },
      isEnd ? 'a limit of a guild is used up' : 'a limit of a guild is nearly used up',
    );
  }

  function consider(whose: Pick<LedgerEntry, 'guild' | 'payer'>, level: Level, turnedAway: boolean): void {
    const { limit, used, setAside, most, renewsAtMs } = level;
    const { scope } = LIMITS[limit];
    // Most of a reserved amount comes back, because most requests cost far less than their highest cost.
    const spent = used - setAside;
    // People hear of their own limits when they reach them. A limit of 0 needs no warning.
    if (scope === 'user' || most === null || most === 0 || spent < NEAR * most) return;
    const isEnd = turnedAway || spent >= most;
    const of = scope === 'guild' ? [whose.guild, whose.payer] : [];
    const id = `limit-warning/${JSON.stringify([...of, limit, renewsAtMs, isEnd ? 'end' : 'near'])}`;
    once.do(id, renewsAtMs, 'warn of a limit', (signal) =>
      warn(whose, { ...level, used: spent, setAside: 0 }, isEnd, signal),
    );
  }

  return {
    /** Checks the use of limits and warns in the background. Reserved amounts do not count. */
    watch(whose: Pick<LedgerEntry, 'guild' | 'payer'>, levels: readonly Level[]): void {
      for (const level of levels) consider(whose, level, false);
    },
    /** As `watch`, for a limit that refused a request: it counts as used up, unless the request was too large for the rest. */
    reached: (whose: Pick<LedgerEntry, 'guild' | 'payer'>, level: Level) => consider(whose, level, true),
  };
}
