import type { Platform } from './platforms.ts';
import type { Modality, ModelPrices } from './provider.ts';
import type { Tier } from './tiers.ts';

/** What is known of a model at one provider: what the provider says, else what `models.json` says. */
export interface Offer {
  readonly contextTokens: number;
  /** The longest answer; null if nothing is known but the context. */
  readonly maxOutputTokens: number | null;
  readonly prices: ModelPrices;
  /** What the provider says of prices and is not believed: a reservation covers it. */
  readonly doubtedPrices?: ModelPrices;
  readonly input: readonly Modality[];
  /** What its answers may hold. */
  readonly output: readonly Modality[];
  /** Whether it thinks before it answers: then it spends more than what it answers. */
  readonly thinks: boolean;
  /** The day on which the provider takes it off, as YYYY-MM-DD; null if it names none. */
  readonly endsOn: string | null;
  /** The provider's list no longer has it. */
  readonly gone: boolean;
}

/** One way to a model: a provider, and what the model is called there. */
export interface Route extends Offer {
  /** Provider id. */
  readonly provider: string;
  /** What the provider calls the model; only requests to it carry this name. */
  readonly wireModel: string;
}

/** What only `models.json` says of a model; null for the default of all. */
export interface ModelTraits {
  /** The longest answer that is asked for. */
  readonly answerTokens: number | null;
  readonly reasoningInText: boolean;
  readonly firstProgressMs: number | null;
  readonly progressMs: number | null;
  /** Ids of the models that answer in its place if it fails, best first. */
  readonly fallbacks: readonly string[];
}

export const NO_TRAITS: ModelTraits = {
  answerTokens: null,
  reasoningInText: false,
  firstProgressMs: null,
  progressMs: null,
  fallbacks: [],
};

/** A model of the catalogue. Its own offer is that of the first route that is not gone; it is gone when all are, and ends with the last of them. */
export interface Model extends Offer {
  /** Catalogue id: the only name by which access, settings, ledger and menus know a model. */
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  /** In the order in which they are tried. */
  readonly routes: readonly Route[];
  /** The only platform on which it exists; null for all of them. */
  readonly onlyOn: Platform | null;
  readonly traits: ModelTraits;
}
