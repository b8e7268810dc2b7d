import { type BaseInteraction, type Entitlement, Routes } from 'discord.js';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { GuildId } from '../../../core/ports/actor.ts';
import { StartError } from '../../../core/ports/adapter.ts';
import type { Dispatch, Purchase } from '../../../core/ports/events.ts';
import { DiscordRefusal } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { guildOfOne, interactionPlace, olderFirst } from './places.ts';

/**
 * Reports purchases of guilds and users to core. Discord sends them with every interaction and announces changes to shard 0;
 * changes made in between are read at the start. A cancellation is not an event: a subscription is updated when it ends.
 * https://docs.discord.com/developers/resources/entitlement
 */
export type Entitlements = ReturnType<typeof createEntitlements>;

export interface EntitlementsOptions {
  readonly rest: DiscordRest;
  readonly applicationId: string;
  readonly clock: Clock;
  readonly dispatch: Dispatch;
  /** SKUs that bring a tier; others are ignored. */
  readonly skus: ReadonlySet<string>;
}

/** Discord's largest page. */
const PAGE = 100;

const momentSchema = z
  .string()
  .nullish()
  .transform((text) => (text ? Date.parse(text) : null));

const listSchema = z.array(
  z
    .object({
      id: z.string(),
      sku_id: z.string(),
      guild_id: z.string().nullish(),
      user_id: z.string().nullish(),
      deleted: z.boolean().default(false),
      consumed: z.boolean().default(false),
      starts_at: momentSchema,
      ends_at: momentSchema,
    })
    // Named as in discord.js.
    .transform(({ id, deleted, consumed, ...held }) => ({
      ...{ id, deleted, consumed },
      skuId: held.sku_id,
      guildId: held.guild_id ?? null,
      userId: held.user_id ?? null,
      startsTimestamp: held.starts_at,
      endsTimestamp: held.ends_at,
    })),
);
type Held = z.infer<typeof listSchema>[number];

/** Reads run one after the other. Purchases that have ended, or were consumed or deleted, count as none. */
export function createEntitlements(options: EntitlementsOptions) {
  const { rest, applicationId, clock, dispatch, skus } = options;
  let lastReading: Promise<unknown> = Promise.resolve();

  /** Reads run one after the other, so that the last one requested has the last word. */
  function inLine(read: () => Promise<void>): Promise<void> {
    const reading = lastReading.then(read);
    lastReading = reading.catch(() => {});
    return reading;
  }

  async function list(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Held[]> {
    const found: Held[] = [];
    for (let after = '0'; ; after = found.at(-1)?.id ?? after) {
      const search = new URLSearchParams({
        ...query,
        sku_ids: [...skus].join(),
        exclude_ended: 'true',
        limit: String(PAGE),
        after,
      });
      const path = `${Routes.entitlements(applicationId)}?${search}` as const;
      const page = listSchema.parse(await rest.insist({ method: 'GET', path }, signal));
      found.push(...page.toSorted((a, b) => olderFirst(a.id, b.id)));
      if (page.length < PAGE) return found;
    }
  }

  /** Valid entitlements by owner; the given owners have an entry in any case. */
  function byOwner(entitlements: Iterable<Held>, owners: readonly GuildId[] = []) {
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
    /**
     * Reads all purchases.
     * @throws StartError if Discord refuses
     */
    readAll: (signal: AbortSignal): Promise<void> =>
      inLine(async () => {
        const all = await list({}, signal).catch((error: unknown) => {
          if (!(error instanceof DiscordRefusal)) throw error;
          throw new StartError(
            `Discord refused to list purchases. ${error.message}`,
            "Check the SKU ids in DISCORD_SKU_TIERS against the application's page, under Monetization; or remove the variable.",
            { cause: error },
          );
        });
        await dispatch.purchases('discord', byOwner(all), 'all');
      }),

    /** Reads one owner's purchases again, after an event about one of them. */
    reread: (changed: Entitlement, signal: AbortSignal): Promise<void> =>
      inLine(async () => {
        const owner = ownerOf(changed);
        if (owner === null) return;
        const query: Record<string, string> =
          changed.guildId === null ? { user_id: changed.userId } : { guild_id: changed.guildId };
        const theirs = (await list(query, signal)).filter((held) => ownerOf(held) === owner);
        await dispatch.purchases('discord', byOwner(theirs, [owner]), 'these');
      }),

    /** Takes the purchases that came with an interaction. */
    async note(interaction: BaseInteraction): Promise<void> {
      const { guild } = interactionPlace(interaction, null);
      const theirs = interaction.entitlements.filter((held) => ownerOf(held) === guild).values();
      await dispatch.purchases('discord', byOwner(theirs, [guild]), 'these');
    },
  };
}

/** A guild's purchase counts for the guild, whoever paid; a user's counts where the user is a guild of one. */
function ownerOf({ guildId, userId }: Pick<Held, 'guildId' | 'userId'>): GuildId | null {
  if (guildId !== null) return `discord:${guildId}`;
  return userId === null ? null : guildOfOne(userId);
}
