import type { Logger } from 'pino';
import type { GuildId } from '../actor.ts';
import type { Notice } from '../adapter.ts';
import type { Clock } from '../clock.ts';
import type { ClaimStore, LedgerEntry } from '../store.ts';
import type { Level } from './ledger.ts';
import { levelInWords } from './limit-words.ts';
import { LIMITS } from './limits.ts';

/** Tells a guild's admins something; false where none could be reached. */
export type TellAdmins = (guild: GuildId, notice: Notice, signal: AbortSignal) => Promise<boolean>;

/** Tells those who pay that a limit is near or reached: each once in a period, whatever the number of processes. */
export interface LimitWarnings {
  /** Looks at limits as they stood before a request, and warns in the background. */
  watch(whose: Pick<LedgerEntry, 'guild' | 'payer'>, levels: readonly Level[]): void;
  /** As `watch`, of a limit that turned a request away: it is used up, unless the request was too big for what is left. */
  reached(whose: Pick<LedgerEntry, 'guild' | 'payer'>, level: Level): void;
  /** Resolves when what was under way has ended. */
  stop(): Promise<void>;
}

const NEAR = 0.8;
const LEASE_MS = 10_000;
/** Claims outlive their period, for processes whose clocks are behind. */
const GRACE_MS = 3_600_000;

export function createLimitWarnings(options: {
  readonly claims: ClaimStore;
  /** Names this process in claims. */
  readonly owner: string;
  readonly tellAdmins: TellAdmins;
  readonly clock: Clock;
  /** In which people are told when a limit renews. */
  readonly timeZone: string;
  readonly log: Logger;
}): LimitWarnings {
  const { claims, owner, tellAdmins, clock, timeZone, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();
  /** Warnings that were given, by this process or another, and when they can be forgotten. */
  const given = new Map<string, number>();

  /** True for one caller alone. */
  async function isFirst(id: string, renewsAtMs: number): Promise<boolean> {
    const nowMs = clock.now();
    const expiresAtMs = renewsAtMs + GRACE_MS;
    const claim = await claims.claim(id, owner, nowMs + LEASE_MS, expiresAtMs);
    // Finished before anything is said: a warning that a crash swallows is better than one that comes twice.
    if (claim !== null) await claims.finish(claim);
    return claim !== null;
  }

  async function warn(
    { guild, payer }: Pick<LedgerEntry, 'guild' | 'payer'>,
    level: Level,
    isEnd: boolean,
    id: string,
  ): Promise<void> {
    if (!(await isFirst(id, level.renewsAtMs))) return;
    const words = levelInWords(level, clock.now(), timeZone);
    const { limit, used, most, renewsAtMs } = level;
    const facts = { limit, used, most, renewsAtMs };
    if (LIMITS[limit].scope === 'installation') {
      log.warn(
        facts,
        isEnd ? 'a limit of the installation is used up' : 'a limit of the installation is nearly used up',
      );
      return;
    }
    const whose = payer === 'guild' ? ' This counts what its own API keys pay.' : '';
    const heading = isEnd ? '**A limit is used up.**' : '**A limit is nearly used up.**';
    const effect = isEnd ? 'What would pass it is refused until then. ' : '';
    const text = `${heading} ${words}${whose} ${effect}\`/usage\` shows who used what, \`/limits\` what is set.`;
    const told = await tellAdmins(guild, { text }, signal);
    log.info(
      { ...facts, guild, told },
      isEnd ? 'a limit of a guild is used up' : 'a limit of a guild is nearly used up',
    );
  }

  function consider(whose: Pick<LedgerEntry, 'guild' | 'payer'>, level: Level, turnedAway: boolean): void {
    const { limit, used, most, renewsAtMs } = level;
    const { scope } = LIMITS[limit];
    // People are told of their own limits as they meet them; and who allowed nothing knows that nothing is left.
    if (scope === 'user' || most === null || most === 0 || used < NEAR * most) return;
    const isEnd = turnedAway || used >= most;
    const of = scope === 'guild' ? [whose.guild, whose.payer] : [];
    const id = `limit-warning/${JSON.stringify([...of, limit, renewsAtMs, isEnd ? 'end' : 'near'])}`;
    const nowMs = clock.now();
    if (given.has(id)) return;
    for (const [old, untilMs] of given) if (untilMs < nowMs) given.delete(old);
    given.set(id, renewsAtMs);
    const running = warn(whose, level, isEnd, id)
      .catch((error: unknown) => {
        if (!signal.aborted)
          log.warn({ err: error, limit, guild: whose.guild }, 'a warning of a limit could not be given');
      })
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  return {
    watch(whose, levels) {
      for (const level of levels) consider(whose, level, false);
    },
    reached: (whose, level) => consider(whose, level, true),
    async stop() {
      stopping.abort();
      await Promise.all(underWay);
    },
  };
}
