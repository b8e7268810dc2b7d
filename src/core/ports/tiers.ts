/**
 * A tier is the set of its bits: `openai` and `openrouter` are one each, `free` has none and `premium` both. A name's
 * place in this list is that set, so that joining is "or" and opening is "contains".
 */
export const TIERS = ['free', 'openai', 'openrouter', 'premium'] as const;

export type Tier = (typeof TIERS)[number];

/** Providers for which a guild can bring a key of its own, and what that adds to its tier. */
export const KEY_PROVIDERS = [
  { id: 'openrouter', name: 'OpenRouter', tier: 'openrouter' },
  { id: 'openai', name: 'OpenAI', tier: 'openai' },
] as const satisfies readonly { readonly id: string; readonly name: string; readonly tier: Tier }[];

export type KeyProvider = (typeof KEY_PROVIDERS)[number]['id'];

/** A provider as people call it; the id of one for which no keys are brought. */
export function keyProviderName(id: string): string {
  return KEY_PROVIDERS.find((provider) => provider.id === id)?.name ?? id;
}

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
  /** Milliseconds since the epoch from which it no longer counts; null if it has no end. */
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
  /** Those of them whose provider refused the key of late. */
  readonly failedKeys: readonly string[];
}

export interface GuildAccess {
  /** What the guild may use. */
  readonly tier: Tier;
  /** What the operator gave (default, grants, entitlements): the operator pays for models open to this tier alone. */
  readonly operatorTier: Tier;
  /** Ids of the providers for which the guild has a key of its own. */
  readonly ownKeys: readonly string[];
  /** Those of them whose provider refused the key of late: what the operator pays for as well goes before them. */
  readonly failedKeys: readonly string[];
}

export function guildAccess(holdings: GuildHoldings, nowMs: number): GuildAccess {
  const grants = holdings.grants.filter(({ expiresAtMs }) => expiresAtMs === null || nowMs < expiresAtMs);
  const operatorTier = join([
    holdings.defaultTier,
    ...grants.map((grant) => grant.tier),
    ...holdings.entitlements,
  ]);
  const { ownKeys, failedKeys } = holdings;
  const withKeys = withOwnKeys({ tier: operatorTier, operatorTier, ownKeys: [], failedKeys: [] }, ownKeys);
  return { ...withKeys, failedKeys };
}

/** What a guild may use once it holds these keys as well, good ones. */
export function withOwnKeys(access: GuildAccess, providers: readonly string[]): GuildAccess {
  const added = providers.map((id) => KEY_PROVIDERS.find((provider) => provider.id === id)?.tier ?? 'free');
  return {
    tier: join([access.tier, ...added]),
    operatorTier: access.operatorTier,
    ownKeys: [...new Set([...access.ownKeys, ...providers])],
    failedKeys: access.failedKeys.filter((id) => !providers.includes(id)),
  };
}
