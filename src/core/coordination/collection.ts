import { z } from 'zod';
import { asCount, asObject } from '../kit/json.ts';
import { keyIn, type LogRecord, type Store } from '../ports/store.ts';
import { togetherIn } from './together.ts';

/** A stored value that this version cannot read. It stays, so that it never counts as empty; a copy survives overwriting. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
  readonly code = 'unreadable_value';
  readonly key: string;

  constructor(namespace: string, key: string, reason: string, options?: ErrorOptions) {
    super(`the stored value ${namespace}/${key} cannot be read: ${reason}`, options);
    this.key = key;
  }
}

/** The result of reading a collection, or `otherwise` if the value is unreadable. Rejects for every other fault. */
export async function ifReadable<T, U>(reading: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof UnreadableValue) return otherwise;
    throw error;
  }
}

export interface CollectionOptions {
  /** The version of values written now. Raise it with every schema change that old values would not pass. Default 1. */
  readonly version?: number;
  /** How long a value lives after its last `set`, and a copy aside after its last read, in milliseconds. Default: forever. */
  readonly ttlMs?: number;
  /** Converts a value of an older version to the present one; the schema then checks it. */
  migrate?(value: unknown, fromVersion: number): unknown;
}

/** The part of a store that a collection needs. */
export type CollectionStore = Pick<Store, 'values' | 'write' | 'keys'>;

/** A value as it was read, for `replace`. */
export interface Seen<T> {
  /** Undefined if there was none. */
  readonly value: T | undefined;
  /** As the store returned it. */
  readonly raw: unknown;
}

/**
 * Values of one kind. Every call rejects if the store fails; a read also if the value does not parse. What is asked of all
 * collections at the same time is one call to the store for all reads, and one for all changes. A change appends its `record`
 * in the same step, if it is made.
 */
export interface Collection<T> {
  /** @throws UnreadableValue if the value does not parse */
  get(key: string): Promise<T | undefined>;
  /**
   * The existing values, by key.
   * @throws UnreadableValue
   */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, T>>;
  set(key: string, value: T, record?: LogRecord): Promise<void>;
  /**
   * The value with the data that `replace` needs.
   * @throws UnreadableValue
   */
  look(key: string): Promise<Seen<T>>;
  /** Replaces the value that was seen; undefined deletes it and its copy kept aside. False, without a change, if it was changed meanwhile. */
  replace(key: string, seen: Seen<T>, value: T | undefined, record?: LogRecord): Promise<boolean>;
  /**
   * Changes the value, however many others do: `apply` is called again with the newer value if it was changed meanwhile.
   * Undefined deletes the value, the same value leaves it as it is. Resolves to the value before. `seen` saves a read if
   * nobody has changed the value since.
   *
   * @throws UnreadableValue
   */
  change(
    key: string,
    apply: (before: T | undefined) => T | undefined,
    options?: { readonly seen?: Seen<T> | undefined; readonly record?: LogRecord | undefined },
  ): Promise<T | undefined>;
  /** Deletes the value and its copy kept aside. False if there was neither. */
  delete(key: string, record?: LogRecord): Promise<boolean>;
  /** The keys that begin with `prefix`, in no order, some perhaps twice. Default: all keys, which is for sweeps only. */
  keys(prefix?: string): AsyncIterable<string>;
}

/** Prefix of keys of values kept aside; no key of a collection begins with it. */
export const ASIDE_PREFIX = '!unreadable/';

/**
 * Adds types to the Keyv of a namespace: each value has its version and is parsed when read.
 * @param schema must accept its own output
 */
export function createCollection<T>(
  store: CollectionStore,
  namespace: string,
  schema: z.ZodType<T>,
  { version = 1, ttlMs, migrate }: CollectionOptions = {},
): Collection<T> {
  const together = togetherIn(store);
  const lives = ttlMs === undefined ? {} : { ttlMs };

  async function look(key: string): Promise<Seen<T>> {
    const raw = await together.read(keyIn(namespace, key));
    if (raw === undefined) return { value: undefined, raw };
    try {
      return { value: parse(raw.value, schema, version, migrate), raw };
    } catch (cause) {
      const aside = keyIn(namespace, ASIDE_PREFIX + key);
      await together.write({ kind: 'set', key: aside, value: raw.value, ...lives });
      throw new UnreadableValue(namespace, key, reasonOf(cause), { cause });
    }
  }

  const forgetAside = (key: string) =>
    together.write({ kind: 'delete', key: keyIn(namespace, ASIDE_PREFIX + key) });

  const replace: Collection<T>['replace'] = async (key, { raw: before }, after, record) => {
    const value = after === undefined ? undefined : { version, value: after };
    const change = { kind: 'replace', key: keyIn(namespace, key), before, value, record, ...lives } as const;
    const [isReplaced] = await Promise.all([together.write(change), after === undefined && forgetAside(key)]);
    return isReplaced;
  };

  return {
    look,
    replace,
    get: async (key) => (await look(key)).value,

    async getMany(keys) {
      const found = await Promise.all(keys.map(look));
      const entries = keys.map((key, index) => [key, found[index]?.value] as const);
      return new Map(entries.filter((entry): entry is [string, T] => entry[1] !== undefined));
    },

    async set(key, value, record) {
      const stored = { version, value };
      await together.write({ kind: 'set', key: keyIn(namespace, key), value: stored, record, ...lives });
    },

    async change(key, apply, options = {}) {
      for (let seen = options.seen ?? (await look(key)); ; seen = await look(key)) {
        const after = apply(seen.value);
        if (after === seen.value || (await replace(key, seen, after, options.record))) return seen.value;
      }
    },

    async delete(key, record) {
      const deleted = await Promise.all([
        together.write({ kind: 'delete', key: keyIn(namespace, key), record }),
        forgetAside(key),
      ]);
      return deleted.includes(true);
    },

    async *keys(prefix = '') {
      for await (const key of store.keys(namespace, prefix)) if (!key.startsWith(ASIDE_PREFIX)) yield key;
    },
  };
}

/** The value in its present version. Throws if it has none, or if the schema rejects it. */
function parse<T>(
  stored: unknown,
  schema: z.ZodType<T>,
  version: number,
  migrate: CollectionOptions['migrate'],
): T {
  const envelope = asObject(stored);
  const from = asCount(envelope?.['version']);
  if (!from) throw new Error('it has no version');
  const value = envelope?.['value'];
  if (from > version) throw new Error(`its version is ${from}, newer than ${version}`);
  if (from === version) return schema.parse(value);
  if (migrate === undefined) throw new Error(`there is no migration from version ${from} to ${version}`);
  return schema.parse(migrate(value, from));
}

/** Names the invalid fields but not their values, which may be private. */
function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  return error.issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.code}`).join(', ');
}
