import { z } from 'zod';
import { createCollection, type Guarded, UnreadableValue } from '../coordination/collection.ts';
import type { Clock } from '../kit/clock.ts';
import { createSealing, type Sealing } from '../kit/sealing.ts';
import type { GuildId } from '../ports/actor.ts';
import type { ClaimKey, Store } from '../ports/store.ts';
import { KEY_PROVIDERS, type KeyProvider } from '../ports/tiers.ts';

/** What a provider says of a key that it takes no more requests with: it is no good, or its account is empty. */
export const KEY_FAULTS = ['bad_key', 'no_credit'] as const;

export type KeyFault = (typeof KEY_FAULTS)[number];

const keySchema = z.object({
  /** For this guild and provider alone. */
  sealed: z.string(),
  lastFour: z.string(),
  by: z.string(),
  connectedAtMs: z.number(),
});

const faultSchema = z.object({
  /** `connectedAtMs` of the key that failed: one that came after it has not. */
  of: z.number(),
  fault: z.enum(KEY_FAULTS),
  atMs: z.number(),
});

/** What can be known of a key that a guild brought; never the key itself. */
export interface OwnKey {
  readonly provider: KeyProvider;
  /** The key's last four characters, by which people tell it from others. */
  readonly lastFour: string;
  /** Who connected it, as `<platform>:<user>`. */
  readonly by: string;
  readonly connectedAtMs: number;
  /** What its provider said the last time; `unreadable` where no `ENCRYPTION_KEY` opens it; null if all is well. */
  readonly fault: KeyFault | 'unreadable' | null;
  /** Whether that was so lately that whatever else there is goes before it. */
  readonly isResting: boolean;
}

/** A key that can be used. */
export interface OpenedKey {
  readonly key: OwnKey;
  readonly secret: string;
}

/** Keys of guilds as they are stored: sealed. Nothing is cached, so that a change by any process counts at once. */
export interface KeyStore {
  /** False if there is no `ENCRYPTION_KEY`: nothing can be kept then. */
  readonly canKeep: boolean;
  of(guild: GuildId): Promise<readonly OwnKey[]>;
  /** Null if there is no such key, or none that can be read. */
  open(guild: GuildId, provider: string): Promise<OpenedKey | null>;
  /** The last four characters of the key that stands, also if it cannot be read; null if there is none. */
  lastFour(guild: GuildId, provider: KeyProvider): Promise<string | null>;
  /** In the place of the one before. What changes a key takes the lock under which it does. */
  keep(guild: GuildId, provider: KeyProvider, secret: string, by: string, lock: ClaimKey): Promise<void>;
  delete(guild: GuildId, provider: KeyProvider, lock: ClaimKey): Promise<void>;
  /** Notes a fault of the key that was connected then, or that it has none. */
  fared(
    guild: GuildId,
    key: Pick<OwnKey, 'provider' | 'connectedAtMs'>,
    fault: KeyFault | null,
  ): Promise<void>;
  /** Every key there is, by guild and provider. */
  all(): AsyncIterable<{ readonly guild: GuildId; readonly provider: KeyProvider }>;
  /** Seals a key anew if it was sealed under the `ENCRYPTION_KEY` before. */
  reseal(
    guild: GuildId,
    provider: KeyProvider,
    lock: ClaimKey,
  ): Promise<'resealed' | 'as it was' | 'unreadable'>;
}

export interface KeyStoreOptions {
  readonly store: Store;
  /** `ENCRYPTION_KEY`, then what it was before; empty if none is set. */
  readonly encryptionKeys: readonly Uint8Array[];
  readonly clock: Clock;
}

/** An account that was topped up is found again within that time; until then its faults cost nobody an answer. */
const REST_MS = 3_600_000;

type StoredKey = z.infer<typeof keySchema>;

export function createKeyStore({ store, encryptionKeys, clock }: KeyStoreOptions): KeyStore {
  const sealings = encryptionKeys.map((key) => createSealing(key, 'keys of guilds'));
  const [sealing] = sealings;
  const keys: Guarded<StoredKey> = createCollection(store, 'keys', { version: 1, schema: keySchema });
  // Apart from the keys, so that a fault of an old key never writes over a new one.
  const faults = createCollection(store, 'key-faults', { version: 1, schema: faultSchema });

  function secretOf(id: string, { sealed }: StoredKey, by: readonly Sealing[] = sealings): string | null {
    for (const each of by) {
      const secret = each.open(sealed, id);
      if (secret !== null) return secret;
    }
    return null;
  }

  async function factsOf(id: string, provider: KeyProvider, key: StoredKey): Promise<OwnKey> {
    const { lastFour, by, connectedAtMs } = key;
    const facts = { provider, lastFour, by, connectedAtMs };
    if (secretOf(id, key) === null) return { ...facts, fault: 'unreadable', isResting: true };
    const known = await faults.get(id);
    if (known?.of !== connectedAtMs) return { ...facts, fault: null, isResting: false };
    return { ...facts, fault: known.fault, isResting: clock.now() < known.atMs + REST_MS };
  }

  return {
    canKeep: sealing !== undefined,

    async of(guild) {
      const stored = await keys.getMany(KEY_PROVIDERS.map(({ id }) => idOf(guild, id)));
      const found: OwnKey[] = [];
      for (const { id: provider } of KEY_PROVIDERS) {
        const id = idOf(guild, provider);
        const key = stored.get(id);
        if (key !== undefined) found.push(await factsOf(id, provider, key));
      }
      return found;
    },

    async open(guild, name) {
      const provider = KEY_PROVIDERS.find(({ id }) => id === name)?.id;
      if (provider === undefined) return null;
      const id = idOf(guild, provider);
      const stored = await keys.get(id);
      const secret = stored === undefined ? null : secretOf(id, stored);
      if (stored === undefined || secret === null) return null;
      return { key: await factsOf(id, provider, stored), secret };
    },

    async lastFour(guild, provider) {
      try {
        return (await keys.get(idOf(guild, provider)))?.lastFour ?? null;
      } catch (error) {
        if (error instanceof UnreadableValue) return 'unreadable';
        throw error;
      }
    },

    async keep(guild, provider, secret, by, lock) {
      if (sealing === undefined) throw new Error('there is no ENCRYPTION_KEY');
      const id = idOf(guild, provider);
      const sealed = sealing.seal(secret, id);
      const key = { sealed, lastFour: secret.slice(-4), by, connectedAtMs: clock.now() };
      await keys.under(lock).set(id, key);
    },

    async delete(guild, provider, lock) {
      await keys.under(lock).delete(idOf(guild, provider));
      await faults.delete(idOf(guild, provider));
    },

    async fared(guild, { provider, connectedAtMs }, fault) {
      const id = idOf(guild, provider);
      if (fault === null) await faults.delete(id);
      else await faults.set(id, { of: connectedAtMs, fault, atMs: clock.now() });
    },

    async *all() {
      for await (const id of keys.keys()) {
        const provider = KEY_PROVIDERS.find((each) => id.endsWith(`/${each.id}`))?.id;
        if (provider !== undefined) yield { guild: id.slice(0, -provider.length - 1) as GuildId, provider };
      }
    },

    async reseal(guild, provider, lock) {
      const id = idOf(guild, provider);
      try {
        const key = await keys.get(id);
        if (key === undefined || sealing === undefined) return 'as it was';
        if (secretOf(id, key, [sealing]) !== null) return 'as it was';
        const secret = secretOf(id, key);
        if (secret === null) return 'unreadable';
        await keys.under(lock).set(id, { ...key, sealed: sealing.seal(secret, id) });
        return 'resealed';
      } catch (error) {
        if (error instanceof UnreadableValue) return 'unreadable';
        throw error;
      }
    },
  };
}

/** Names a guild's key for a provider, in the store and in what its seal is about. */
function idOf(guild: GuildId, provider: KeyProvider): string {
  return `${guild}/${provider}`;
}
