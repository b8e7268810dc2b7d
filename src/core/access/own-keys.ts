import type { Logger } from 'pino';
import type { Clock } from '../kit/time/clock.ts';
import type { GuildId } from '../ports/actor.ts';
import type { ChatProvider } from '../ports/provider.ts';
import { ProviderError } from '../ports/provider-errors.ts';
import { KEY_PROVIDERS, type KeyProvider, keyProviderName } from '../ports/tiers.ts';
import { auditRecord } from './audit.ts';
import { KEY_FAULTS, type KeyFault } from './key-faults.ts';
import type { KeyStore, OwnKey } from './key-store.ts';

/** A key in use for one request. */
export interface KeyInUse {
  readonly secret: string;
  /** Reports that the provider accepted the key, which ends an earlier fault. Never rejects. */
  worked(): Promise<void>;
  /** Reports that the request failed; stores the fault if the key caused it. Never rejects. */
  failed(error: unknown): Promise<void>;
}

/** The person who acts, as `<platform>:<user>`. */
interface Act {
  readonly by: string;
}

/** A key that began to fail. */
export interface KeyFailure extends Pick<OwnKey, 'provider' | 'lastFour' | 'connectedAtMs'> {
  readonly guild: GuildId;
  readonly fault: KeyFault;
}

export interface OwnKeysOptions {
  readonly keys: KeyStore;
  /** Providers for which guilds can connect keys, by id. */
  readonly providers: ReadonlyMap<string, Pick<ChatProvider, 'checkKey'>>;
  readonly onFailure: (failure: KeyFailure) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A key whose credit covers shorter answers has no fault. */
function faultOf(error: unknown): KeyFault | undefined {
  if (!(error instanceof ProviderError) || error.affordableTokens !== null) return undefined;
  return KEY_FAULTS.find((each) => each === error.code);
}

export type OwnKeys = ReturnType<typeof createOwnKeys>;

/** API keys that guilds connect to pay for themselves. */
export function createOwnKeys(options: OwnKeysOptions) {
  const { keys, onFailure, clock, log } = options;

  const inWords = (provider: KeyProvider, lastFour: string | null) =>
    lastFour === null ? null : `${keyProviderName(provider)} …${lastFour}`;

  return {
    /** Providers for which keys can be connected; none without `ENCRYPTION_KEY`. */
    providers: keys.canKeep
      ? KEY_PROVIDERS.map(({ id }) => id).filter((id) => options.providers.has(id))
      : [],
    of: keys.of,

    /** Null if there is no such key, or if it cannot be decrypted. */
    async useKey(guild: GuildId, name: string): Promise<KeyInUse | null> {
      const opened = await keys.openKey(guild, name);
      if (opened === null) return null;
      const { provider, lastFour, connectedAtMs, fault: before, isResting } = opened.key;

      async function fared(fault: KeyFault | null): Promise<void> {
        await keys.fared(guild, { provider, connectedAtMs }, fault).catch((error: unknown) => {
          log.warn({ err: error, guild, provider }, "could not store the state of a guild's key");
        });
      }

      return {
        secret: opened.secret,
        async worked() {
          if (before !== null) await fared(null);
        },
        async failed(error) {
          const fault = faultOf(error);
          if (fault === undefined || isResting) return;
          await fared(fault);
          log.warn({ guild, provider, fault }, 'an API key of a guild does not work');
          if (before === null) onFailure({ guild, provider, lastFour, connectedAtMs, fault });
        },
      };
    },

    /**
     * Stores a key and replaces the previous one, if its provider accepts it; else resolves to false and stores nothing.
     *
     * @throws ProviderError if the provider cannot be asked
     */
    async connect(
      guild: GuildId,
      provider: KeyProvider,
      secret: string,
      { by }: Act,
      signal: AbortSignal,
    ): Promise<boolean> {
      const asked = options.providers.get(provider);
      if (asked === undefined) throw new Error(`keys for ${provider} cannot be connected`);
      if (!(await asked.checkKey(secret, signal))) return false;
      const to = inWords(provider, secret.slice(-4));
      const facts = { guild, by, atMs: clock.now(), action: 'key.connect', reason: '' };
      await keys.keep(guild, provider, secret, by, (before) =>
        auditRecord({ ...facts, from: inWords(provider, before), to }),
      );
      return true;
    },

    /** False if there was none. */
    async disconnect(guild: GuildId, provider: KeyProvider, { by }: Act): Promise<boolean> {
      const facts = { guild, by, atMs: clock.now(), action: 'key.disconnect', reason: '' };
      return keys.delete(guild, provider, (before) =>
        auditRecord({ ...facts, from: inWords(provider, before), to: null }),
      );
    },

    /** Encrypts keys with `ENCRYPTION_KEY` that were encrypted with a previous one. */
    async turnOver(): Promise<{ readonly turned: number; readonly unreadable: number }> {
      const counts = { resealed: 0, 'as it was': 0, unreadable: 0 };
      for await (const { guild, provider } of keys.all()) counts[await keys.reseal(guild, provider)]++;
      return { turned: counts.resealed, unreadable: counts.unreadable };
    },
  };
}
