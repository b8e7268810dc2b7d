/**
 * A tier is the set of its bits: `openai` and `openrouter` are one each, `free` has none and `premium` both. A name's
 * place in this list is that set, so that joining is "or" and opening is "contains".
 */
export const TIERS = ['free', 'openai', 'openrouter', 'premium'] as const;

export type Tier = (typeof TIERS)[number];

/** What a guild's own key for a provider adds to its tier. Keys for other providers add none. */
const TIER_OF_OWN_KEY: ReadonlyMap<string, Tier> = new Map([
  ['openrouter', 'openrouter'],
  ['openai', 'openai'],
]);

export function isTier(name: string): name is Tier {
  return (TIERS as readonly string[]).includes(name);
}

/** Whether a guild of this tier may use a model of that tier. A guild's tier that is not known counts as `free`. */
export function opens(guildTier: string, modelTier: Tier): boolean {
  const needed = TIERS.indexOf(modelTier);
  return needed >= 0 && (bitsOf(guildTier) & needed) === needed;
}

/** The least tier that opens all that any of these opens: `openai` and `openrouter` make `premium`; nothing makes `free`. */
export function join(tiers: Iterable<string>): Tier {
  let bits = 0;
  for (const tier of tiers) bits |= bitsOf(tier);
  return TIERS[bits] as Tier;
}

function bitsOf(tier: string): number {
  return isTier(tier) ? TIERS.indexOf(tier) : 0;
}

/** A tier that an operator gave to a guild. */
export interface TierGrant {
  readonly tier: string;
  /** Milliseconds since the epoch from which it no longer counts; null where it has no end. */
  readonly expiresAtMs: number | null;
}

/** All that decides a guild's tier. */
export interface GuildHoldings {
  readonly defaultTier: string;
  readonly grants: readonly TierGrant[];
  /** Tiers of the platform purchases that hold now. */
  readonly entitlements: readonly string[];
  /** Ids of the providers for which the guild brought a key. */
  readonly ownKeys: readonly string[];
}

export interface GuildAccess {
  /** What the guild may use. */
  readonly tier: Tier;
  /** What the operator gave (default, grants, entitlements): the operator pays for models open to this tier alone. */
  readonly operatorTier: Tier;
  /** Ids of the providers for which the guild has a key of its own. */
  readonly ownKeys: readonly string[];
}

export function guildAccess(holdings: GuildHoldings, nowMs: number): GuildAccess {
  const grants = holdings.grants.filter(({ expiresAtMs }) => expiresAtMs === null || nowMs < expiresAtMs);
  const operatorTier = join([
    holdings.defaultTier,
    ...grants.map((grant) => grant.tier),
    ...holdings.entitlements,
  ]);
  return withOwnKeys({ tier: operatorTier, operatorTier, ownKeys: [] }, holdings.ownKeys);
}

/** What a guild may use once it holds these keys as well. */
export function withOwnKeys(access: GuildAccess, providers: readonly string[]): GuildAccess {
  const added = providers.map((provider) => TIER_OF_OWN_KEY.get(provider) ?? 'free');
  return {
    tier: join([access.tier, ...added]),
    operatorTier: access.operatorTier,
    ownKeys: [...access.ownKeys, ...providers],
  };
}
