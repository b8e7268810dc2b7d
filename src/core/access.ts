import type { GuildId } from './actor.ts';
import type { Model, Route } from './model.ts';
import type { GuildAccess, Tier } from './tiers.ts';

export interface GuildInQuestion extends GuildAccess {
  readonly id: GuildId;
}

export type AccessDecision = AccessGranted | AccessRefused;

export interface AccessGranted {
  readonly ok: true;
  readonly model: Model;
  readonly route: Route;
  /** Whose key goes out with the request: the guild's own for `route.provider`, or the operator's. */
  readonly payer: 'operator' | 'guild';
}

export interface AccessRefused {
  readonly ok: false;
  /**
   * `unknown`: no such id in the catalogue. `locked`: the guild's tier does not open it. `gone`: its providers no
   * longer have it. `no_route`: the tier opens it, but no key that may be used leads there.
   */
  readonly reason: 'unknown' | 'locked' | 'gone' | 'no_route';
  /** What was asked for, as it was spelled. */
  readonly asked: string;
  /** Null where the id is unknown. */
  readonly model: Model | null;
  readonly needsTier: Tier | null;
  readonly hasTier: Tier;
  /** Where the id is unknown: models with a similar name. */
  readonly near: readonly Model[];
  /** Providers whose keys, brought by the guild, would open the model; empty where keys do not help. */
  readonly keysThatOpen: readonly string[];
  /** A model that the guild can use now; null where there is none. */
  readonly suggestion: Model | null;
}
