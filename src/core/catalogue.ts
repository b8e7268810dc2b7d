import type { Platform } from './actor.ts';
import type { Model } from './model.ts';
import type { ModelFacts } from './provider/types.ts';

/**
 * The models on offer. Each answer is a view of one moment: a `Model` in hand never changes, a refresh makes new ones.
 * On platforms other than its own, a model that is `onlyOn` one does not exist.
 */
export interface Catalogue {
  /** The model with exactly this id. No spelling but the id itself finds it. */
  get(id: string, platform: Platform): Model | null;
  /** The model that a person means, and where it is not clear, those that may have been meant. */
  resolve(spelling: string, platform: Platform): Resolution;
  /** In the order of `models.json`; gone ones included. */
  list(platform: Platform): readonly Model[];
  /** Takes over what a provider's whole list says of its models. */
  apply(provider: string, facts: readonly ModelFacts[]): void;
}

export interface Resolution {
  readonly model: Model | null;
  /** Where there is no model: at most 3 with a similar name, best first. */
  readonly near: readonly Model[];
}
