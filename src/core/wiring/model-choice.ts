import type { Catalogue } from '../catalogue/catalogue.ts';
import {
  createModelChooser,
  createSeeingModel,
  type ModelChooser,
  type SeeingModel,
} from '../model-choice/chooser.ts';
import { createFallbacks, type OpenAnswerer } from '../model-choice/fallbacks.ts';
import { createRouteRest, type RouteRest } from '../model-choice/route-rest.ts';
import type { NameOperator } from '../ports/operator.ts';
import type { Money } from './money.ts';
import type { CoreOptions } from './options.ts';

/** How the model that answers is found. */
export interface ModelChoice {
  readonly catalogue: Catalogue;
  readonly choose: ModelChooser;
  readonly seeing: SeeingModel;
  readonly rest: RouteRest;
  readonly openAnswerer: OpenAnswerer;
  /** The notice that no model answers, only the demo; null if models answer. */
  readonly demoNotice: string | null;
}

export function wireModelChoice(
  { store, models: { catalogue, defaultModel, missingKeys, demoLacks }, telemetry, clock, log }: CoreOptions,
  { models }: Money,
  nameOperator: NameOperator,
): ModelChoice {
  const rest = createRouteRest(store, clock, log);
  return {
    catalogue,
    choose: createModelChooser({ catalogue, models, defaultModel, missingKeys }),
    seeing: createSeeingModel(catalogue, models),
    rest,
    openAnswerer: createFallbacks({ catalogue, rest, telemetry, log }),
    demoNotice:
      demoLacks &&
      nameOperator(
        `This is a scripted demo: no language model is set up yet. The operator must set \`${demoLacks}\`.`,
      ),
  };
}
