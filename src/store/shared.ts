import { type DeserializedData, Keyv, type KeyvStoreAdapter } from 'keyv';
import type { Logger } from 'pino';
import { parseJson } from '../core/kit/json.ts';
import type { Clock } from '../core/kit/time/clock.ts';
import { type LedgerEntry, type RecordQuery, StoreError } from '../core/ports/store.ts';

export interface StoreDependencies {
  readonly clock: Clock;
  /** Checks how far `clock` can be trusted: never jumps. Default: the computer's, or `clock` itself if that is injected. */
  readonly steadyClock?: Clock;
  readonly log: Logger;
  /** Fails if the file does not exist, because only the bot's start creates one. Default false. */
  readonly mustExist?: boolean;
}

/** The interval between deletions of expired entries. */
export const SWEEP_EVERY_MS = 5 * 60_000;

/**
 * Values as a Keyv over `read`, which returns texts; they are changed through `Store.write`. `throwOnErrors` makes a failed
 * read reject, where Keyv would report a miss. Keyv's own prefix would confuse `a` with `namespace:a`.
 */
export function createValues(
  read: (keys: readonly string[]) => Promise<readonly (string | null | undefined)[]>,
): Keyv {
  const store: KeyvStoreAdapter = {
    opts: {},
    on: () => store,
    get: async (key) => (await read([key]))[0] as never,
    getMany: async (keys) => (await read(keys)) as never,
    set: () => Promise.reject(new Error('values are set by Store.write')),
    // Keyv asks for it if it finds that a value has expired. The store's sweep deletes that.
    delete: async () => false,
    clear: () => Promise.reject(new Error('values cannot be cleared')),
  };
  const deserialize = (text: string) => readStored(text) as DeserializedData<never>;
  return new Keyv({ throwOnErrors: true, useKeyPrefix: false, deserialize, store });
}

/** The raw form in which Keyv stores a value; undefined for none. */
export function stored(value: unknown, ttlMs: number | undefined): object {
  return { value, ...(ttlMs !== undefined && { expires: Date.now() + ttlMs }) };
}

/** The text of a raw value; undefined for none. Equal for a value as read and as written. */
export function textOf(raw: object): string;
export function textOf(raw: unknown): string | undefined;
export function textOf(raw: unknown): string | undefined {
  return raw === undefined ? undefined : JSON.stringify(raw);
}

/** Whether a request belongs to a guild, or to one person in it. Always true without `of`. */
export function isOf(entry: LedgerEntry, of: RecordQuery['of']): boolean {
  if (of === undefined) return true;
  return entry.guild === of.guild && (of.user === undefined || entry.user === of.user);
}

/**
 * Parses a stored text.
 * @throws StoreError without the text, which is private
 */
export function readStored(text: string): unknown {
  const value = parseJson(text);
  if (value !== undefined) return value;
  throw new StoreError('a stored value is not JSON: another program changed the store, or it is damaged');
}
