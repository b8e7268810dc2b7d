import type { Keyv } from 'keyv';
import { z } from 'zod';
import type { ClaimKey, Store } from '../ports/store.ts';

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

/** Values of one kind. Every call rejects where the store fails; a read also where the value does not parse. */
export interface Collection<T> {
  /** @throws UnreadableValue where there is a value that does not parse. */
  get(key: string): Promise<T | undefined>;
  /** The values that exist, by key. @throws UnreadableValue */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, T>>;
  set(key: string, value: T): Promise<void>;
  /** Deletes the value and what was kept aside of it. False where there was neither. */
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

/** Gives the Keyv of a namespace types: each value carries its version and is parsed on the way in. */
export function createCollection<T>(
  store: Pick<Store, 'keyv' | 'keys'>,
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

  async function read(keyv: Keyv, key: string, stored: unknown): Promise<T> {
    try {
      return parse(key, stored);
    } catch (error) {
      await keyv.set(ASIDE_PREFIX + key, stored, ttlMs);
      throw error;
    }
  }

  const over = (keyv: Keyv): Collection<T> => ({
    async get(key) {
      const stored: unknown = await keyv.get(key);
      return stored === undefined ? undefined : await read(keyv, key, stored);
    },

    async getMany(keys) {
      const found = new Map<string, T>();
      if (keys.length === 0) return found;
      const stored: unknown[] = await keyv.getMany([...keys]);
      for (const [index, key] of keys.entries()) {
        const value = stored[index];
        if (value !== undefined) found.set(key, await read(keyv, key, value));
      }
      return found;
    },

    async set(key, value) {
      await keyv.set(key, { version, value }, ttlMs);
    },

    async delete(key) {
      const deleted = await keyv.delete(key);
      const dropped = await keyv.delete(ASIDE_PREFIX + key);
      return deleted || dropped;
    },

    async *keys(prefix = '') {
      for await (const key of store.keys(namespace, prefix)) if (!key.startsWith(ASIDE_PREFIX)) yield key;
    },

    under: (lock) => over(store.keyv(namespace, lock)),
  });

  return over(store.keyv(namespace));
}

/** Names the places that are wrong and never the values there: they may be private. */
function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  return error.issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.code}`).join(', ');
}
