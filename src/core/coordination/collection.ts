import { z } from 'zod';
import { type Change, type ClaimKey, keyIn, type Store } from '../ports/store.ts';
import { togetherIn } from './together.ts';

/**
 * A stored value is not one that this version can read. It is left where it is, so that nothing takes it for an
 * empty one, and a copy is kept aside, so that writing over it loses nothing.
 */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
  readonly code = 'unreadable_value';
  readonly key: string;

  constructor(namespace: string, key: string, reason: string, options?: ErrorOptions) {
    super(`the stored value ${namespace}/${key} cannot be read: ${reason}`, options);
    this.key = key;
  }
}

export interface CollectionOptions<T> {
  /** Of what is written now, from 1. Raise it with every change of the schema that old values would not pass. */
  readonly version: number;
  /** What a value must be; has to accept its own output. */
  readonly schema: z.ZodType<T>;
  /** How long a value lives after its last `set`, and a copy aside after its last read; for ever by default. */
  readonly ttlMs?: number;
  /** Turns a value of an older version into one of the present version, which the schema then checks. */
  migrate?(value: unknown, fromVersion: number): unknown;
}

/** What a collection needs of a store. */
export type CollectionStore = Pick<Store, 'values' | 'write' | 'keys'>;

/** A value as it was read, for `replace`. */
export interface Seen<T> {
  /** Undefined if there was none. */
  readonly value: T | undefined;
  /** As the store gave it. */
  readonly raw: unknown;
}

/**
 * Values of one kind. Every call rejects if the store fails; a read also if the value does not parse. What is asked of all
 * collections at the same time is one call to the store for all reads, and one for all changes outside locks.
 */
export interface Collection<T> {
  /** @throws UnreadableValue if there is a value that does not parse. */
  get(key: string): Promise<T | undefined>;
  /** The values that exist, by key. @throws UnreadableValue */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, T>>;
  set(key: string, value: T): Promise<void>;
  /** The value with what `replace` needs. @throws UnreadableValue */
  look(key: string): Promise<Seen<T>>;
  /** Puts a value in the place of the one that was seen; undefined deletes it. False, and nothing is changed, if that was changed meanwhile. */
  replace(key: string, seen: Seen<T>, value: T | undefined): Promise<boolean>;
  /** Deletes the value and what was kept aside of it. False if there was neither. */
  delete(key: string): Promise<boolean>;
  /** The keys that begin with `prefix`, in no order; some may come twice. All keys by default: for sweeps, not for requests. */
  keys(prefix?: string): AsyncIterable<string>;
  /** The same values, changed only while the lock is held: `LockLost` otherwise. */
  under(lock: ClaimKey): Collection<T>;
}

/** Values that are changed under a lock alone. */
export type Guarded<T> = Omit<Collection<T>, 'set' | 'delete'>;

/** Stands before the key under which an unreadable value is kept aside; no key of a collection begins with it. */
export const ASIDE_PREFIX = '!unreadable/';

const envelopeSchema = z.object({ version: z.int().positive(), value: z.unknown() });

/** Gives the values of a namespace types: each value carries its version and is parsed on the way in. */
export function createCollection<T>(
  store: CollectionStore,
  namespace: string,
  options: CollectionOptions<T>,
): Collection<T> {
  const { version, schema, ttlMs } = options;

  function parse(key: string, stored: unknown): T {
    const envelope = envelopeSchema.safeParse(stored);
    if (!envelope.success) throw new UnreadableValue(namespace, key, 'it has no version');
    const from = envelope.data.version;
    if (from > version) {
      throw new UnreadableValue(namespace, key, `its version is ${from}, newer than ${version}`);
    }
    try {
      const value = from < version ? migrated(envelope.data.value, from) : envelope.data.value;
      return schema.parse(value);
    } catch (cause) {
      throw new UnreadableValue(namespace, key, reasonOf(cause), { cause });
    }
  }

  function migrated(value: unknown, from: number): unknown {
    if (options.migrate === undefined) throw new Error(`nothing migrates version ${from} to ${version}`);
    return options.migrate(value, from);
  }

  const together = togetherIn(store);

  const lives = ttlMs === undefined ? {} : { ttlMs };

  async function look(key: string): Promise<Seen<T>> {
    const raw = await together.read(keyIn(namespace, key));
    if (raw === undefined) return { value: undefined, raw };
    try {
      return { value: parse(key, raw.value), raw };
    } catch (error) {
      const aside = keyIn(namespace, ASIDE_PREFIX + key);
      await together.write({ kind: 'set', key: aside, value: raw.value, ...lives });
      throw error;
    }
  }

  const over = (write: (changes: readonly Change[]) => Promise<readonly boolean[]>): Collection<T> => ({
    look,
    get: async (key) => (await look(key)).value,

    async getMany(keys) {
      const found = await Promise.all(keys.map(look));
      const entries = keys.map((key, index) => [key, found[index]?.value] as const);
      return new Map(entries.filter((entry): entry is [string, T] => entry[1] !== undefined));
    },

    async set(key, value) {
      await write([{ kind: 'set', key: keyIn(namespace, key), value: { version, value }, ...lives }]);
    },

    async replace(key, { raw: before }, value) {
      const change = { kind: 'replace', key: keyIn(namespace, key), before, ...lives } as const;
      return together.write({ ...change, value: value === undefined ? undefined : { version, value } });
    },

    async delete(key) {
      const keys = [key, ASIDE_PREFIX + key].map((each) => keyIn(namespace, each));
      return (await write(keys.map((each) => ({ kind: 'delete', key: each })))).includes(true);
    },

    async *keys(prefix = '') {
      for await (const key of store.keys(namespace, prefix)) if (!key.startsWith(ASIDE_PREFIX)) yield key;
    },

    under: (lock) => over((changes) => store.write(changes, lock)),
  });

  return over((changes) => Promise.all(changes.map(together.write)));
}

/** Names the places that are wrong and never the values there: they may be private. */
function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  return error.issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.code}`).join(', ');
}
