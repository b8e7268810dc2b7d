/**
 * The tiers. Each is a set of two bits: `openai` and `openrouter` have one each, `free` none, `premium` both. The index in
 * this list is that set, so joining tiers is "or" and opening a model is "contains".
 */
export const TIERS = ['free', 'openai', 'openrouter', 'premium'] as const;

export type Tier = (typeof TIERS)[number];

/** Providers for which a guild can connect its own key, and the tier that such a key adds. */
export const KEY_PROVIDERS = [
  { id: 'openrouter', name: 'OpenRouter', tier: 'openrouter' },
  { id: 'openai', name: 'OpenAI', tier: 'openai' },
] as const satisfies readonly { readonly id: string; readonly name: string; readonly tier: Tier }[];

export type KeyProvider = (typeof KEY_PROVIDERS)[number]['id'];

/** A provider's name for people; the id itself for providers without own keys. */
export function keyProviderName(id: string): string {
  return KEY_PROVIDERS.find((provider) => provider.id === id)?.name ?? id;
}

export function isTier(name: string): name is Tier {
  return (TIERS as readonly string[]).includes(name);
}

/** Whether a guild of this tier may use a model of that tier. An unknown guild tier counts as `free`. */
export function opens(guildTier: string, modelTier: Tier): boolean {
  const needed = TIERS.indexOf(modelTier);
  return needed >= 0 && (bitsOf(guildTier) & needed) === needed;
}

/** The lowest tier that opens everything these tiers open: `openai` and `openrouter` give `premium`, nothing gives `free`. */
export function join(tiers: Iterable<string>): Tier {
  let bits = 0;
  for (const tier of tiers) bits |= bitsOf(tier);
  return TIERS[bits] as Tier;
}

function bitsOf(tier: string): number {
  return isTier(tier) ? TIERS.indexOf(tier) : 0;
}

export interface GuildAccess {
  /** The models that the guild may use. */
  readonly tier: Tier;
  /** The tier from the operator (default, grants, entitlements). The operator pays only for models open to this tier. */
  readonly operatorTier: Tier;
  /** Ids of the providers for which the guild has a key of its own. */
  readonly ownKeys: readonly string[];
  /** Those rejected by their provider recently. Where the operator pays too, the operator's key comes before them. */
  readonly failedKeys: readonly string[];
}

/** @param holdings.fromOperator the tiers that are valid now: the default, grants and purchases */
export function guildAccess({
  fromOperator,
  ownKeys,
  failedKeys,
}: Pick<GuildAccess, 'ownKeys' | 'failedKeys'> & {
  readonly fromOperator: Iterable<string>;
}): GuildAccess {
  const operatorTier = join(fromOperator);
  const granted = { tier: operatorTier, operatorTier, ownKeys: [], failedKeys: [] };
  return { ...withOwnKeys(granted, ownKeys), failedKeys };
}

/** The guild's access once it also holds these keys, all valid. */
export function withOwnKeys(access: GuildAccess, providers: readonly string[]): GuildAccess {
  const added = providers.map((id) => KEY_PROVIDERS.find((provider) => provider.id === id)?.tier ?? 'free');
  return {
    tier: join([access.tier, ...added]),
    operatorTier: access.operatorTier,
    ownKeys: [...new Set([...access.ownKeys, ...providers])],
    failedKeys: access.failedKeys.filter((id) => !providers.includes(id)),
  };
}
