import type { DeserializedData } from 'keyv';
import type { Logger } from 'pino';
import type { Clock } from '../core/kit/clock.ts';
import { parseJson } from '../core/kit/json.ts';
import { type LedgerEntry, type RecordQuery, StoreError } from '../core/ports/store.ts';

export interface StoreDependencies {
  readonly clock: Clock;
  /** Measures how far `clock` can be trusted: never jumps. By default the computer's, or `clock` itself if that is injected. */
  readonly steadyClock?: Clock;
  readonly log: Logger;
  /** Refuses a file that is not there: only a start of the bot begins a new one. */
  readonly mustExist?: boolean;
}

/** How often what has expired is forgotten. */
export const SWEEP_EVERY_MS = 5 * 60_000;

/**
 * `throwOnErrors` makes a failed read reject where Keyv would answer with a miss. Keys are prefixed by the adapters:
 * Keyv's own prefix takes `a` and `namespace:a` for one key. Values are JSON and nothing else.
 */
export const KEYV_OPTIONS = {
  throwOnErrors: true,
  useKeyPrefix: false,
  serialize: JSON.stringify,
  deserialize: (text: string) => readStored(text) as DeserializedData<never>,
} as const;

/** What Keyv stores for a value. */
export function stored(value: unknown, ttlMs: number | undefined): object {
  return { value, ...(ttlMs !== undefined && { expires: Date.now() + ttlMs }) };
}

/** The text of what Keyv stores; undefined for none. It is the same for what was read and for what was written. */
export function textOf(raw: object): string;
export function textOf(raw: unknown): string | undefined;
export function textOf(raw: unknown): string | undefined {
  return raw === undefined ? undefined : KEYV_OPTIONS.serialize(raw);
}

/** Whether a request is of a guild, or of one person in it; everything is of all. */
export function isOf(entry: LedgerEntry, of: RecordQuery['of']): boolean {
  if (of === undefined) return true;
  return entry.guild === of.guild && (of.user === undefined || entry.user === of.user);
}

/** The value that was stored as this text. @throws StoreError without the text, which is private */
export function readStored(text: string): unknown {
  const value = parseJson(text);
  if (value !== undefined) return value;
  throw new StoreError('a stored value is not JSON: the store was changed from outside, or is damaged');
}
