import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { createCollection, ifReadable } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
import { type GuildId, guildOf, platformOf, type Whose } from '../ports/actor.ts';
import type { Purchase } from '../ports/events.ts';
import { type Platform, platformRow } from '../ports/platforms.ts';
import type { Store } from '../ports/store.ts';
import { guildAccess, TIERS, type Tier } from '../ports/tiers.ts';
import type { GuildInQuestion } from './access.ts';
import { auditRecord } from './audit.ts';
import type { KeyStore, OwnKey } from './key-store.ts';
import { untilInWords } from './until.ts';

const grantSchema = z.object({
  tier: z.enum(TIERS),
  /** Milliseconds since the epoch; null for no end. */
  expiresAtMs: z.number().nullable(),
  reason: z.string(),
  by: z.string(),
  /** Whether the grant replaces the default tier instead of adding to it. */
  replacesDefault: z.boolean(),
});

const guildSchema = z.object({ grants: z.array(grantSchema) });

const purchasesSchema = z.object({
  purchases: z.array(z.object({ sku: z.string(), endsAtMs: z.number().nullable() })),
});

export type Grant = z.infer<typeof grantSchema>;

/** A guild's present holdings, and the parts of its tier. */
export interface GuildReport extends GuildInQuestion {
  readonly defaultTier: Tier;
  /** Those valid now. */
  readonly grants: readonly Grant[];
  /** Those valid now that bring a tier. */
  readonly purchases: readonly (Purchase & { readonly tier: Tier })[];
  /** Tiers that can be bought on the guild's platform. */
  readonly onSale: readonly Tier[];
  readonly keys: readonly OwnKey[];
}

type Purchases = ReadonlyMap<GuildId, readonly Purchase[]>;

export interface GuildsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly keys: Pick<KeyStore, 'of' | 'all'>;
  readonly defaultTier: Tier;
  /** The tier of outsiders, in channels that guilds share. Default `free`. */
  readonly outsiderTier?: Tier;
  /** Tiers for sale on Discord, by SKU; other SKUs bring none. Default: none. */
  readonly skuTiers?: ReadonlyMap<string, Tier>;
}

export type Guilds = ReturnType<typeof createGuilds>;

/**
 * Guilds' holdings, and so the models they may use. Nothing is cached: a change by any process counts from the next request.
 * Unreadable values open nothing: every read then rejects with `StoreError` or `UnreadableValue`.
 */
export function createGuilds(options: GuildsOptions) {
  const { store, clock, skuTiers = new Map<string, Tier>() } = options;
  // Two collections, so that a grant and a purchase cannot overwrite each other.
  const granted = createCollection(store, 'guilds', guildSchema);
  const bought = createCollection(store, 'purchases', purchasesSchema);

  async function report(id: GuildId): Promise<GuildReport> {
    const [grants, purchases, keys] = await Promise.all([
      granted.get(id),
      skuTiers.size > 0 ? bought.get(id) : null,
      options.keys.of(id),
    ]);
    return reportOf(id, { grants: grants?.grants, purchases: purchases?.purchases, keys }, options);
  }

  /** The present grants, for the audit log. An unreadable value is replaced too, and kept aside. */
  async function grantsInWords(id: GuildId): Promise<string | null> {
    const held = await ifReadable(granted.get(id), null);
    return held === null ? 'unreadable' : listed((held?.grants ?? []).map(grantInWords));
  }

  const inWords = ({ sku, endsAtMs }: Purchase) =>
    `SKU ${sku} (${skuTiers.get(sku) ?? 'no tier'})${untilInWords(endsAtMs)}`;

  async function replacePurchases(guild: GuildId, purchases: readonly Purchase[]): Promise<void> {
    const now = normalised(purchases);
    const before = await ifReadable(bought.get(guild), null);
    const words = (list: readonly Purchase[]) => listed(list.map(inWords));
    if (before !== null && isDeepStrictEqual(before?.purchases ?? [], now)) return;
    const from = before === null ? 'unreadable' : words(before?.purchases ?? []);
    const to = words(now);
    const facts = { guild, by: platformOf(guild), atMs: clock.now(), action: 'tier.purchases', reason: '' };
    const record = auditRecord({ ...facts, from, to });
    if (now.length === 0) await bought.delete(guild, record);
    else await bought.set(guild, { purchases: now }, record);
  }

  return {
    /** An outsider has access of their own. */
    async access(whose: Whose): Promise<GuildInQuestion> {
      const id = guildOf(whose);
      const { tier, operatorTier, ownKeys, failedKeys } = await report(id);
      if (typeof whose === 'string' || !whose.isOutsider)
        return { id, tier, operatorTier, ownKeys, failedKeys };
      const own = options.outsiderTier ?? 'free';
      return { id, tier: own, operatorTier: own, ownKeys: [], failedKeys: [], hostTier: operatorTier };
    },
    report,

    /** Ids of guilds with a grant, a purchase or a key, including expired ones. */
    async holding(): Promise<readonly GuildId[]> {
      const ids = new Set<string>();
      for await (const id of granted.keys()) ids.add(id);
      for await (const id of bought.keys()) ids.add(id);
      for await (const { guild } of options.keys.all()) ids.add(guild);
      return [...ids].toSorted() as GuildId[];
    },

    /** Grants a tier and replaces all earlier grants. */
    async grant(guild: GuildId, grant: Grant): Promise<void> {
      const from = await grantsInWords(guild);
      const { by, reason } = grant;
      const facts = { guild, by, atMs: clock.now(), action: 'tier.grant', reason };
      await granted.set(guild, { grants: [grant] }, auditRecord({ ...facts, from, to: grantInWords(grant) }));
    },

    /** Removes all grants; false if there were none. */
    async revoke(
      guild: GuildId,
      { by, reason }: { readonly by: string; readonly reason: string },
    ): Promise<boolean> {
      const from = await grantsInWords(guild);
      const facts = { guild, by, atMs: clock.now(), action: 'tier.revoke', reason };
      return granted.delete(guild, auditRecord({ ...facts, from, to: null }));
    },

    /** Replaces guilds' purchases on a platform; with `all`, its other guilds have none. */
    async purchased(platform: Platform, purchases: Purchases, reach: 'these' | 'all'): Promise<void> {
      for (const [guild, list] of purchases) await replacePurchases(guild, list);
      if (reach === 'these') return;
      for await (const key of bought.keys()) {
        const guild = key as GuildId;
        if (platformOf(guild) === platform && !purchases.has(guild)) await replacePurchases(guild, []);
      }
    },
  };
}

/** The part of a guild's holdings that counts now. */
function reportOf(
  id: GuildId,
  held: {
    readonly grants: readonly Grant[] | undefined;
    readonly purchases: readonly Purchase[] | undefined;
    readonly keys: readonly OwnKey[];
  },
  { clock, defaultTier, skuTiers = new Map<string, Tier>() }: GuildsOptions,
): GuildReport {
  const { grants = [], purchases = [], keys } = held;
  const nowMs = clock.now();
  const holds = ({ expiresAtMs }: Grant) => expiresAtMs === null || nowMs < expiresAtMs;
  const lasting = grants.filter(holds);
  const paid = purchases.flatMap((purchase) => {
    const tier = skuTiers.get(purchase.sku);
    const lasts = purchase.endsAtMs === null || nowMs < purchase.endsAtMs;
    return tier !== undefined && lasts ? [{ ...purchase, tier }] : [];
  });
  const standing = lasting.some(({ replacesDefault }) => replacesDefault) ? 'free' : defaultTier;
  return {
    id,
    ...guildAccess({
      fromOperator: [standing, ...[...lasting, ...paid].map(({ tier }) => tier)],
      ownKeys: keys.map(({ provider }) => provider),
      failedKeys: keys.filter(({ isResting }) => isResting).map(({ provider }) => provider),
    }),
    defaultTier: standing,
    grants: lasting,
    purchases: paid,
    onSale: platformRow(platformOf(id)).sellsTiers ? [...new Set(skuTiers.values())] : [],
    keys,
  };
}

/** Each SKU once with its latest end, in a fixed order, so that equal purchases compare equal. */
function normalised(purchases: readonly Purchase[]): Purchase[] {
  const latest = new Map<string, number | null>();
  for (const { sku, endsAtMs } of purchases) {
    const before = latest.get(sku);
    const lasts = endsAtMs === null || before === null;
    latest.set(sku, lasts ? null : Math.max(endsAtMs, before ?? endsAtMs));
  }
  return [...latest]
    .map(([sku, endsAtMs]) => ({ sku, endsAtMs }))
    .toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
}

function grantInWords({ tier, expiresAtMs, replacesDefault }: Grant): string {
  return `${tier}${untilInWords(expiresAtMs)}${replacesDefault ? ', in place of the default tier' : ''}`;
}

function listed(items: readonly string[]): string | null {
  return items.length === 0 ? null : items.join(', ');
}
