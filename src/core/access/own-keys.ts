import type { Logger } from 'pino';
import { z } from 'zod';
import type { GuildId } from '../actor.ts';
import type { Clock } from '../clock.ts';
import { createCollection, UnreadableValue } from '../collection.ts';
import { ProviderError } from '../provider/errors.ts';
import type { ChatProvider } from '../provider/types.ts';
import { createSealing, type Sealing } from '../sealing.ts';
import type { Store } from '../store.ts';
import type { AuditLog } from './audit.ts';
import { KEY_PROVIDERS, type KeyProvider, keyProviderName } from './tiers.ts';

/** What a provider says of a key that it takes no more requests with: it is no good, or its account is empty. */
const FAULTS = ['bad_key', 'no_credit'] as const;

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
  fault: z.enum(FAULTS),
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
  /** What its provider said the last time; `unreadable` where no `ENCRYPTION_KEY` opens it; null where all is well. */
  readonly fault: (typeof FAULTS)[number] | 'unreadable' | null;
  /** Whether that was so lately that whatever else there is goes before it. */
  readonly isResting: boolean;
}

/** A key in use for one request. */
export interface KeyInUse {
  readonly secret: string;
  /** The provider took it: a fault of before is over. Never rejects. */
  worked(): Promise<void>;
  /** The request failed; remembers it where that was the key's fault. Never rejects. */
  failed(error: unknown): Promise<void>;
}

/** Who does something, as `<platform>:<user>`. */
interface Act {
  readonly by: string;
}

/**
 * API keys that guilds bring to pay for themselves, sealed in the store. Nothing is cached: a change by any process counts from
 * the next request.
 */
export interface OwnKeys {
  /** Providers for which keys can be brought here; none where `ENCRYPTION_KEY` is not set. */
  readonly providers: readonly KeyProvider[];
  of(guild: GuildId): Promise<readonly OwnKey[]>;
  /** Null where there is no such key, or none that can be read. */
  take(guild: GuildId, provider: string): Promise<KeyInUse | null>;
  /**
   * Keeps a key in the place of the one before, where its provider takes it; else resolves to false and keeps nothing.
   *
   * @throws ProviderError where the provider cannot say
   */
  connect(
    guild: GuildId,
    provider: KeyProvider,
    secret: string,
    act: Act,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** False where there was none. */
  disconnect(guild: GuildId, provider: KeyProvider, act: Act): Promise<boolean>;
  /** Seals anew, under `ENCRYPTION_KEY`, what is sealed under the one before. */
  turnOver(): Promise<{ readonly turned: number; readonly unreadable: number }>;
}

/** A key began to fail. */
export interface KeyFailure extends Pick<OwnKey, 'provider' | 'lastFour' | 'connectedAtMs'> {
  readonly guild: GuildId;
  readonly fault: (typeof FAULTS)[number];
}

export interface OwnKeysOptions {
  readonly store: Store;
  /** Of `ENCRYPTION_KEY`, then of the one before; empty where none is set. */
  readonly sealings: readonly Sealing[];
  /** Those that a guild can bring a key for, by id. */
  readonly providers: ReadonlyMap<string, Pick<ChatProvider, 'checkKey'>>;
  readonly audit: AuditLog;
  readonly onFailure: (failure: KeyFailure) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An account that was topped up is found again within that time; until then its faults cost nobody an answer. */
const REST_MS = 3_600_000;

type StoredKey = z.infer<typeof keySchema>;

/** For `OwnKeysOptions.sealings`, of `ENCRYPTION_KEY` and `ENCRYPTION_KEY_OLD`. */
export function keySealings(...keys: readonly (Uint8Array | undefined)[]): Sealing[] {
  return keys.flatMap((key) => (key === undefined ? [] : [createSealing(key, 'keys of guilds')]));
}

export function createOwnKeys(options: OwnKeysOptions): OwnKeys {
  const { store, sealings, audit, onFailure, clock, log } = options;
  const [sealing] = sealings;
  const all = KEY_PROVIDERS.map(({ id }) => id);
  const keys = createCollection(store.keyv('keys'), { version: 1, schema: keySchema });
  // Apart from the keys, so that a fault of an old key never writes over a new one.
  const faults = createCollection(store.keyv('key-faults'), { version: 1, schema: faultSchema });

  function open(id: string, { sealed }: StoredKey): string | null {
    for (const each of sealings) {
      const secret = each.open(sealed, id);
      if (secret !== null) return secret;
    }
    return null;
  }

  async function faultOf(id: string, { connectedAtMs }: StoredKey) {
    const known = await faults.get(id);
    if (known?.of !== connectedAtMs) return null;
    return { fault: known.fault, isResting: clock.now() < known.atMs + REST_MS };
  }

  /** The key that stands, for the audit log; one that cannot be read is replaced too, and is kept aside. */
  async function standing(id: string, provider: KeyProvider): Promise<string | null> {
    try {
      const key = await keys.get(id);
      return key === undefined ? null : inWords(provider, key);
    } catch (error) {
      if (error instanceof UnreadableValue) return 'unreadable';
      throw error;
    }
  }

  return {
    providers: sealing === undefined ? [] : all.filter((id) => options.providers.has(id)),

    async of(guild) {
      const stored = await keys.getMany(all.map((provider) => idOf(guild, provider)));
      const found: OwnKey[] = [];
      for (const provider of all) {
        const id = idOf(guild, provider);
        const key = stored.get(id);
        if (key === undefined) continue;
        const { sealed: _, ...facts } = key;
        const state =
          open(id, key) === null
            ? { fault: 'unreadable' as const, isResting: true }
            : ((await faultOf(id, key)) ?? { fault: null, isResting: false });
        found.push({ provider, ...facts, ...state });
      }
      return found;
    },

    async take(guild, provider) {
      const known = all.find((each) => each === provider);
      const id = known && idOf(guild, known);
      const key = id && (await keys.get(id));
      if (known === undefined || id === undefined || !key) return null;
      const secret = open(id, key);
      if (secret === null) return null;
      const before = await faultOf(id, key);
      const { lastFour, connectedAtMs } = key;

      async function note(change: () => Promise<unknown>): Promise<void> {
        await change().catch((error: unknown) => {
          log.warn({ err: error, guild, provider }, 'how a key of a guild fared could not be kept');
        });
      }

      return {
        secret,
        async worked() {
          if (before !== null) await note(() => faults.delete(id));
        },
        async failed(error) {
          const fault =
            error instanceof ProviderError ? FAULTS.find((each) => each === error.code) : undefined;
          if (fault === undefined || before?.isResting) return;
          await note(() => faults.set(id, { of: connectedAtMs, fault, atMs: clock.now() }));
          log.warn({ guild, provider, fault }, 'a key that a guild brought does not work');
          if (before === null) onFailure({ guild, provider: known, lastFour, connectedAtMs, fault });
        },
      };
    },

    async connect(guild, provider, secret, { by }, signal) {
      const asked = options.providers.get(provider);
      if (sealing === undefined || asked === undefined) throw new Error(`no keys are taken for ${provider}`);
      if (!(await asked.checkKey(secret, signal))) return false;
      const id = idOf(guild, provider);
      const lastFour = secret.slice(-4);
      const from = await standing(id, provider);
      const to = inWords(provider, { lastFour });
      await audit.append({ guild, by, atMs: clock.now(), action: 'key.connect', from, to, reason: '' });
      await keys.set(id, { sealed: sealing.seal(secret, id), lastFour, by, connectedAtMs: clock.now() });
      return true;
    },

    async disconnect(guild, provider, { by }) {
      const id = idOf(guild, provider);
      const from = await standing(id, provider);
      if (from === null) return false;
      await audit.append({
        guild,
        by,
        atMs: clock.now(),
        action: 'key.disconnect',
        from,
        to: null,
        reason: '',
      });
      await keys.delete(id);
      await faults.delete(id);
      return true;
    },

    async turnOver() {
      let [turned, unreadable] = [0, 0];
      for await (const id of keys.keys()) {
        const key = await keys.get(id);
        if (key === undefined || sealing?.open(key.sealed, id)) continue;
        const secret = open(id, key);
        if (secret === null || sealing === undefined) {
          unreadable++;
          continue;
        }
        await keys.set(id, { ...key, sealed: sealing.seal(secret, id) });
        turned++;
      }
      return { turned, unreadable };
    },
  };
}

/** Names a guild's key for a provider, in the store and in what its seal is about. */
function idOf(guild: GuildId, provider: KeyProvider): string {
  return `${guild}/${provider}`;
}

function inWords(provider: KeyProvider, { lastFour }: Pick<StoredKey, 'lastFour'>): string {
  return `${keyProviderName(provider)} …${lastFour}`;
}
