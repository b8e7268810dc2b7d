import type { Catalogue } from '../catalogue/catalogue.ts';
import { quoted } from '../kit/text/text.ts';
import { type GuildId, placeOf, platformOf } from '../ports/actor.ts';
import { NO_BOUNDS, type TierBounds } from '../ports/effort.ts';
import type { Model, Route } from '../ports/model.ts';
import {
  type GuildAccess,
  KEY_PROVIDERS,
  keyProviderName,
  opens,
  TIERS,
  type Tier,
  withOwnKeys,
} from '../ports/tiers.ts';

/** A guild, and what it may use. */
export interface GuildInQuestion extends GuildAccess {
  readonly id: GuildId;
  /** Only for an outsider, whose own tier is in the other fields: the guild's tier from the operator. */
  readonly hostTier?: Tier;
}

/** Everything that decides about access besides model and guild. */
export interface AccessTerms {
  readonly catalogue: Catalogue;
  /** Ids of the providers for which the operator has a key, or that need none. */
  readonly operatorProviders: ReadonlySet<string>;
  /** Ids of the providers for which guilds can connect keys here. */
  readonly keyProviders: readonly string[];
}

export type AccessDecision = AccessGranted | AccessRefused;

export interface AccessGranted {
  readonly ok: true;
  readonly model: Model;
  readonly route: Route;
  /** The owner of the key that is used: the guild (for `route.provider`) or the operator. */
  readonly payer: 'operator' | 'guild';
  /** The limits of one answer; none if the guild pays. */
  readonly bounds: TierBounds;
  /** The tier that `bounds` comes from. */
  readonly tier: Tier;
}

export interface AccessRefused {
  readonly ok: false;
  /**
   * `unknown`: the catalogue has no such id. `gone`: its providers no longer have it. `locked`: the guild's tier does not
   * include it. `no_route`: the tier includes it, but no usable key reaches it.
   */
  readonly reason: 'unknown' | 'gone' | 'locked' | 'no_route';
  /** The model as the person typed it. */
  readonly asked: string;
  readonly guild: GuildInQuestion;
  /** Null if the id is unknown. */
  readonly model: Model | null;
  /** If the id is unknown: models with similar names. */
  readonly near: readonly Model[];
  /** Providers whose keys would unlock the model; empty if none would, or if the guild cannot connect any. */
  readonly keysThatOpen: readonly string[];
  /** A model that the guild can use now; null if there is none. */
  readonly suggestion: Model | null;
}

type Way = Pick<AccessGranted, 'route' | 'payer'>;
type Verdict = Way | Exclude<AccessRefused['reason'], 'unknown'>;

/**
 * The access check: whether a guild may use a model now, by which route, and who pays. Every request passes it at the moment
 * of the call. Only the exact id of a catalogue model passes; in doubt it refuses.
 */
export function checkAccess(asked: string, guild: GuildInQuestion, terms: AccessTerms): AccessDecision {
  const { catalogue } = terms;
  const platform = platformOf(guild.id);
  const judge = (model: Model, access: GuildAccess) => judgeModel(model, access, terms);
  const isOpen = (model: Model, access: GuildAccess = guild) => typeof judge(model, access) !== 'string';
  const open = () => catalogue.list(platform).filter((other) => isOpen(other));

  const model = catalogue.get(asked, platform);
  if (model === null) {
    const meant = catalogue.resolve(asked, platform);
    const near = meant.model === null ? meant.near : [meant.model];
    const suggestion = near.find((other) => isOpen(other)) ?? alternativeTo(near[0], open());
    return { ok: false, reason: 'unknown', asked, guild, model, near, keysThatOpen: [], suggestion };
  }
  const verdict = judge(model, guild);
  if (typeof verdict !== 'string') {
    const { operatorTier: tier } = guild;
    const bounds = verdict.payer === 'guild' ? NO_BOUNDS : catalogue.bounds(tier);
    return { ok: true, model, ...verdict, bounds, tier };
  }
  return {
    ok: false,
    reason: verdict,
    asked,
    guild,
    model,
    near: [],
    keysThatOpen:
      guild.hostTier === undefined
        ? (keysToBring(terms).find((keys) => isOpen(model, withOwnKeys(guild, keys))) ?? [])
        : [],
    suggestion: alternativeTo(model, open()),
  };
}

/** Sets of keys that a guild could connect: each key alone, then all together. */
function keysToBring({ keyProviders }: AccessTerms): readonly (readonly string[])[] {
  const ids = KEY_PROVIDERS.map(({ id }) => id).filter((id) => keyProviders.includes(id));
  return [...ids.map((id) => [id]), ids];
}

function judgeModel(model: Model, guild: GuildAccess, terms: AccessTerms): Verdict {
  if (model.gone) return 'gone';
  if (!opens(guild.tier, model.tier)) return 'locked';
  return wayTo(model, guild, terms) ?? 'no_route';
}

/** The first route to a model of the guild's tier, its own key before the operator's; null if there is none. */
function wayTo(model: Model, guild: GuildAccess, { operatorProviders }: AccessTerms): Way | null {
  const operatorPays = opens(guild.operatorTier, model.tier);
  const routes = model.routes.filter(({ gone }) => !gone);
  const isOwn = ({ provider }: Route) => guild.ownKeys.includes(provider);
  for (const route of routes) {
    const { provider } = route;
    if (isOwn(route) && !guild.failedKeys.includes(provider)) return { route, payer: 'guild' };
    if (operatorPays && operatorProviders.has(provider)) return { route, payer: 'operator' };
  }
  // A key that failed is better than no route: it may work again, and if not, its provider says why.
  const failed = routes.find(isOwn);
  return failed === undefined ? null : { route: failed, payer: 'guild' };
}

/** A model of the same maker, else of the same tier, else the first. */
function alternativeTo(model: Model | undefined, open: readonly Model[]): Model | null {
  const makerOf = ({ id }: Model) => id.slice(0, id.indexOf('/'));
  return (
    open.find((other) => model !== undefined && makerOf(other) === makerOf(model)) ??
    open.find((other) => other.tier === model?.tier) ??
    open[0] ??
    null
  );
}

/** Words a refusal for the asker, in Markdown: what, why, the remedy, and a model that is available now. */
export function explainRefusal(refusal: AccessRefused): string {
  const { suggestion } = refusal;
  const meanwhile = suggestion
    ? `You can use ${named(suggestion)} now.`
    : 'No other model is available here now.';
  return [...reasonsOf(refusal), meanwhile].join(' ');
}

function reasonsOf(refusal: AccessRefused): string[] {
  const { asked, guild, model, near } = refusal;
  if (model === null) {
    const meant = near.map(({ id }) => `\`${id}\``).join(' or ');
    return [
      `There is no model ${quoted(asked)} here.`,
      meant === '' ? '`/models` lists the available ones.' : `Did you mean ${meant}?`,
    ];
  }
  const place = placeOf(guild.id);
  const keys = refusal.keysThatOpen.map(keyProviderName);
  const connect =
    keys.length > 0
      ? ` An admin can also open it with an API key for ${keys.join(' and one for ')}: \`/connect\`.`
      : '';
  switch (refusal.reason) {
    case 'gone':
      return [`${named(model)} is no longer offered by its provider.`];
    case 'locked': {
      const needed = TIERS.filter((tier) => opens(tier, model.tier)).map((tier) => `\`${tier}\``);
      if (guild.hostTier !== undefined) {
        return [
          `${named(model)} needs the tier ${needed.join(' or ')}; people from elsewhere have \`${guild.tier}\` in ${place}.`,
          'The operator can change that: `SLACK_CONNECT_TIER`.',
        ];
      }
      return [
        `${named(model)} needs the tier ${needed.join(' or ')}; ${place} has \`${guild.tier}\`.`,
        `The operator can grant it.${connect}`,
      ];
    }
    default:
      return opens(guild.operatorTier, model.tier)
        ? [
            `${named(model)} is not available: no API key is set up for it.`,
            `Please tell the operator.${connect}`,
          ]
        : [
            `${named(model)} is open to \`${guild.tier}\`, which ${place} has only through its own API keys, but none of those keys offers this model.`,
            `The operator can grant that tier.${connect}`,
          ];
  }
}

function named({ name, id }: Model): string {
  return `**${name}** (\`${id}\`)`;
}
