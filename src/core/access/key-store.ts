import { z } from 'zod';
import { type Collection, createCollection, ifReadable } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { GuildId } from '../ports/actor.ts';
import type { LogRecord, Store } from '../ports/store.ts';
import { KEY_PROVIDERS, type KeyProvider } from '../ports/tiers.ts';
import { createKeyFaults, type KeyFault } from './key-faults.ts';
import { createKeySealing } from './key-sealing.ts';

const keySchema = z.object({
  /** Encrypted for this guild and provider. */
  sealed: z.string(),
  lastFour: z.string(),
  by: z.string(),
  connectedAtMs: z.number(),
});

/** Facts about a guild's key; never the key itself. */
export interface OwnKey {
  readonly provider: KeyProvider;
  /** The last four characters of the key, so that people recognise it. */
  readonly lastFour: string;
  /** The person who connected it, as `<platform>:<user>`. */
  readonly by: string;
  readonly connectedAtMs: number;
  /** The provider's last fault; `unreadable` if no `ENCRYPTION_KEY` decrypts it; null if all is well. */
  readonly fault: KeyFault | 'unreadable' | null;
  /** Whether the fault is so recent that other keys go first. */
  readonly isResting: boolean;
}

/** @param before the last four characters of the key before, even if it cannot be decrypted; null if there was none */
type RecordOf = (before: string | null) => LogRecord;

export interface KeyStoreOptions {
  readonly store: Store;
  /** `ENCRYPTION_KEY` first, then previous ones; empty if none is set. */
  readonly encryptionKeys: readonly Uint8Array[];
  readonly clock: Clock;
}

type StoredKey = z.infer<typeof keySchema>;

export type KeyStore = ReturnType<typeof createKeyStore>;

/**
 * Guilds' keys, stored encrypted. Nothing is cached, so that a change by any process counts at once. For an hour after a
 * fault of a key, other keys go first.
 */
export function createKeyStore({ store, encryptionKeys, clock }: KeyStoreOptions) {
  const sealing = createKeySealing(encryptionKeys);
  const keys = createCollection(store, 'keys', keySchema);
  const faults = createKeyFaults(store, clock);

  async function factsOf(id: string, provider: KeyProvider, key: StoredKey): Promise<OwnKey> {
    const { lastFour, by, connectedAtMs } = key;
    const facts = { provider, lastFour, by, connectedAtMs };
    if (sealing.unseal(key.sealed, id) === null) return { ...facts, fault: 'unreadable', isResting: true };
    return { ...facts, ...(await faults.of(id, connectedAtMs)) };
  }

  return {
    /** False without `ENCRYPTION_KEY`; then no key can be stored. */
    canKeep: sealing.canSeal,

    async of(guild: GuildId): Promise<readonly OwnKey[]> {
      const stored = await keys.getMany(KEY_PROVIDERS.map(({ id }) => idOf(guild, id)));
      const found: OwnKey[] = [];
      for (const { id: provider } of KEY_PROVIDERS) {
        const id = idOf(guild, provider);
        const key = stored.get(id);
        if (key !== undefined) found.push(await factsOf(id, provider, key));
      }
      return found;
    },

    /** Null if there is no such key, or if it cannot be decrypted. */
    async openKey(
      guild: GuildId,
      name: string,
    ): Promise<{ readonly key: OwnKey; readonly secret: string } | null> {
      const provider = KEY_PROVIDERS.find(({ id }) => id === name)?.id;
      if (provider === undefined) return null;
      const id = idOf(guild, provider);
      const stored = await keys.get(id);
      const secret = stored === undefined ? null : sealing.unseal(stored.sealed, id);
      if (stored === undefined || secret === null) return null;
      return { key: await factsOf(id, provider, stored), secret };
    },

    /** Stores a key in place of the previous one, and appends the record in the same step. */
    async keep(
      guild: GuildId,
      provider: KeyProvider,
      secret: string,
      by: string,
      record: RecordOf,
    ): Promise<void> {
      const id = idOf(guild, provider);
      const sealed = sealing.seal(secret, id);
      const key = { sealed, lastFour: secret.slice(-4), by, connectedAtMs: clock.now() };
      await writeKey(keys, id, key, record);
    },

    /** False, without the record, if there was none. */
    async delete(guild: GuildId, provider: KeyProvider, record: RecordOf): Promise<boolean> {
      const id = idOf(guild, provider);
      const isDeleted = await writeKey(keys, id, undefined, record);
      await faults.forget(id);
      return isDeleted;
    },

    /** Stores a fault of the key that was connected at that time, or that it works. */
    async fared(
      guild: GuildId,
      { provider, connectedAtMs }: Pick<OwnKey, 'provider' | 'connectedAtMs'>,
      fault: KeyFault | null,
    ): Promise<void> {
      const id = idOf(guild, provider);
      if (fault === null) await faults.forget(id);
      else await faults.note(id, connectedAtMs, fault);
    },

    /** Every stored key, by guild and provider. */
    async *all(): AsyncGenerator<{ readonly guild: GuildId; readonly provider: KeyProvider }> {
      for await (const id of keys.keys()) {
        const provider = KEY_PROVIDERS.find((each) => id.endsWith(`/${each.id}`))?.id;
        if (provider !== undefined) yield { guild: id.slice(0, -provider.length - 1) as GuildId, provider };
      }
    },

    /** Encrypts a key again if it was encrypted with a previous `ENCRYPTION_KEY`. */
    async reseal(guild: GuildId, provider: KeyProvider): Promise<'resealed' | 'as it was' | 'unreadable'> {
      const id = idOf(guild, provider);
      const seen = await ifReadable(keys.look(id), null);
      if (seen === null) return 'unreadable';
      const key = seen.value;
      if (key === undefined || !sealing.canSeal || sealing.isByNewest(key.sealed, id)) return 'as it was';
      const secret = sealing.unseal(key.sealed, id);
      if (secret === null) return 'unreadable';
      const isReplaced = await keys.replace(id, seen, { ...key, sealed: sealing.seal(secret, id) });
      return isReplaced ? 'resealed' : 'as it was';
    },
  };
}

/** Replaces the key that is stored, and no other that somebody stores meanwhile. False if there is nothing to delete. */
async function writeKey(
  keys: Collection<StoredKey>,
  id: string,
  key: StoredKey | undefined,
  record: RecordOf,
): Promise<boolean> {
  for (;;) {
    const seen = await ifReadable(keys.look(id), null);
    if (seen === null) {
      if (key === undefined) return keys.delete(id, record('unreadable'));
      await keys.set(id, key, record('unreadable'));
      return true;
    }
    const before = seen.value?.lastFour ?? null;
    if (before === null && key === undefined) return keys.delete(id);
    if (await keys.replace(id, seen, key, record(before))) return true;
  }
}

/** The id of a guild's key for a provider, in the store and in its encryption. */
function idOf(guild: GuildId, provider: KeyProvider): string {
  return `${guild}/${provider}`;
}
