import {
  type BaseInteraction,
  type Client,
  DiscordAPIError,
  type Entitlement,
  type FetchEntitlementsOptions,
} from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import type { GuildId } from '../../../core/ports/actor.ts';
import { StartError } from '../../../core/ports/adapter.ts';
import type { Dispatch, Purchase } from '../../../core/ports/events.ts';
import { guildOfOne, interactionPlace, olderFirst } from './places.ts';

/**
 * Reports purchases of guilds and users to core. Discord sends them with every interaction and announces changes to shard 0;
 * changes made in between are read at the start. A cancellation is not an event: a subscription is updated when it ends.
 * https://docs.discord.com/developers/resources/entitlement
 */
export interface Entitlements {
  /**
   * Reads all purchases.
   * @throws StartError if Discord refuses
   */
  readAll(): Promise<void>;
  /** Reads one owner's purchases again, after an event about one of them. */
  reread(changed: Entitlement): Promise<void>;
  /** Takes the purchases that came with an interaction. */
  note(interaction: BaseInteraction): Promise<void>;
}

export interface EntitlementsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  /** SKUs that bring a tier; others are ignored. */
  readonly skus: ReadonlySet<string>;
}

/** Discord's largest page. */
const PAGE = 100;

/** Reads run one after the other. Purchases that have ended, or were consumed or deleted, count as none. */
export function createEntitlements(options: EntitlementsOptions): Entitlements {
  const { client, clock, dispatch, skus } = options;
  let lastReading: Promise<unknown> = Promise.resolve();

  /** Reads run one after the other, so that the last one requested has the last word. */
  function inLine(read: () => Promise<void>): Promise<void> {
    const reading = lastReading.then(read);
    lastReading = reading.catch(() => {});
    return reading;
  }

  async function list(of: Pick<FetchEntitlementsOptions, 'guild' | 'user'>): Promise<Entitlement[]> {
    if (!client.isReady()) throw new Error('purchases can only be read after the start');
    const query = { ...of, skus: [...skus], excludeEnded: true, limit: PAGE, cache: false };
    const found: Entitlement[] = [];
    for (let after = '0'; ; after = found.at(-1)?.id ?? after) {
      const page = await client.application.entitlements.fetch({ ...query, after });
      found.push(...[...page.values()].toSorted((a, b) => olderFirst(a.id, b.id)));
      if (page.size < PAGE) return found;
    }
  }

  /** Valid entitlements by owner; the given owners have an entry in any case. */
  function byOwner(entitlements: Iterable<Entitlement>, owners: readonly GuildId[] = []) {
    const nowMs = clock.now();
    const purchases = new Map<GuildId, Purchase[]>(owners.map((owner) => [owner, []]));
    for (const held of entitlements) {
      const { skuId: sku, startsTimestamp: startsAtMs, endsTimestamp: endsAtMs } = held;
      const owner = ownerOf(held);
      // An unreadable time (NaN) makes it false.
      const isNow = (startsAtMs === null || startsAtMs <= nowMs) && (endsAtMs === null || nowMs < endsAtMs);
      if (owner === null || held.deleted || held.consumed || !isNow || !skus.has(sku)) continue;
      const list = purchases.get(owner) ?? [];
      list.push({ sku, endsAtMs });
      purchases.set(owner, list);
    }
    return purchases;
  }

  return {
    readAll: () =>
      inLine(async () => {
        const all = await list({}).catch((error: unknown) => {
          if (!(error instanceof DiscordAPIError)) throw error;
          throw new StartError(
            `Discord refused to list purchases. Discord refused (${error.status}, code ${error.code}): ${error.message}`,
            "Check the SKU ids in DISCORD_SKU_TIERS against the application's page, under Monetization; or remove the variable.",
            { cause: error },
          );
        });
        await dispatch.purchases('discord', byOwner(all), 'all');
      }),

    reread: (changed) =>
      inLine(async () => {
        const owner = ownerOf(changed);
        if (owner === null) return;
        const { guildId, userId } = changed;
        const theirs = await list(guildId === null ? { user: userId } : { guild: guildId });
        const own = theirs.filter((held) => ownerOf(held) === owner);
        await dispatch.purchases('discord', byOwner(own, [owner]), 'these');
      }),

    async note(interaction) {
      const { guild } = interactionPlace(interaction, null);
      const theirs = interaction.entitlements.filter((held) => ownerOf(held) === guild).values();
      await dispatch.purchases('discord', byOwner(theirs, [guild]), 'these');
    },
  };
}

/** A guild's purchase counts for the guild, whoever paid; a user's counts where the user is a guild of one. */
function ownerOf({ guildId, userId }: Entitlement): GuildId | null {
  if (guildId) return `discord:${guildId}`;
  return userId ? guildOfOne(userId) : null;
}
