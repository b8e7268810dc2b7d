import { createModelChooser, createSeeingModel } from '../model-choice/chooser.ts';
import { createFallbacks } from '../model-choice/fallbacks.ts';
import { createRouteRest } from '../model-choice/route-rest.ts';
import type { NameOperator } from '../ports/operator.ts';
import type { Money } from './money.ts';
import type { CoreOptions } from './options.ts';

/** How the model that answers is found. */
export type ModelChoice = ReturnType<typeof wireModelChoice>;

export function wireModelChoice(
  { store, models: { catalogue, defaultModel, missingKeys, demoLacks }, telemetry, clock, log }: CoreOptions,
  { models }: Money,
  nameOperator: NameOperator,
) {
  const rest = createRouteRest(store, clock, log);
  return {
    catalogue,
    choose: createModelChooser({ catalogue, models, defaultModel, missingKeys }),
    seeing: createSeeingModel(catalogue, models),
    rest,
    openAnswerer: createFallbacks({ catalogue, rest, telemetry, log }),
    /** The notice that no model answers, only the demo; null if models answer. */
    demoNotice:
      demoLacks &&
      nameOperator(
        `This is a scripted demo: no language model is set up yet. The operator must set \`${demoLacks}\`.`,
      ),
  };
}
