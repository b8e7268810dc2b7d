import type { Effort } from './effort.ts';
import type { Platform } from './platforms.ts';
import type { Modality, ModelPrices } from './provider.ts';
import type { Tier } from './tiers.ts';

/** The facts of a model at one provider, from the provider or else from `models.json`. */
export interface Offer {
  readonly contextTokens: number;
  /** The longest answer; null if only the context length is known. */
  readonly maxOutputTokens: number | null;
  readonly prices: ModelPrices;
  /** Prices that the provider names and that look wrong. Reservations cover them all the same. */
  readonly doubtedPrices?: ModelPrices;
  readonly input: readonly Modality[];
  /** The modalities of its answers. */
  readonly output: readonly Modality[];
  /** Whether it reasons before it answers, and so spends more than the answer's tokens. */
  readonly thinks: boolean;
  /** The efforts that may be asked for, the least first; empty if it takes none. */
  readonly efforts: readonly Effort[];
  /** How much it thinks unasked; null if that is not known. */
  readonly defaultEffort: Effort | null;
  /** The day on which the provider removes it, as YYYY-MM-DD; null if none is announced. */
  readonly endsOn: string | null;
  /** Whether the provider's list no longer has it. */
  readonly gone: boolean;
}

/** One way to a model: a provider, and the model's name there. */
export interface Route extends Offer {
  /** Provider id. */
  readonly provider: string;
  /** The model's id at the provider, used in requests to it only. */
  readonly wireModel: string;
}

/** The facts that only `models.json` knows; null stands for the default. */
export interface ModelTraits {
  /** The longest answer to ask for. */
  readonly answerTokens: number | null;
  readonly reasoningInText: boolean;
  readonly firstProgressMs: number | null;
  readonly progressMs: number | null;
  /** Ids of the models that answer instead if it fails, best first. */
  readonly fallbacks: readonly string[];
}

export const NO_TRAITS: ModelTraits = {
  answerTokens: null,
  reasoningInText: false,
  firstProgressMs: null,
  progressMs: null,
  fallbacks: [],
};

/** A model of the catalogue. Its own facts are those of the first route that is not gone. It is gone once all routes are. */
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
