import { explainRefusal } from './access.ts';
import { platformOf } from './actor.ts';
import type { Place } from './adapter.ts';
import type { Catalogue } from './catalogue.ts';
import type { Model } from './model.ts';
import type { ModelRequests } from './model-requests.ts';
import type { Settings } from './settings.ts';

export interface ModelWish {
  readonly place: Place;
  readonly conversation: string | null;
  /** As a person spelled it in this request; null where settings decide. */
  readonly asked: string | null;
}

export type ModelChoice =
  /** `remark`: what the asker should know, where the model is not the one that settings name. */
  | { readonly ok: true; readonly model: Model; readonly remark: string | null }
  | { readonly ok: false; readonly text: string };

/**
 * Finds the model for a question: the one that was asked for, else the choice of conversation, channel, guild, else
 * the default. One that was asked for and may not be used is refused; a setting falls back to an allowed default.
 */
export type ModelChooser = (wish: ModelWish) => Promise<ModelChoice>;

export function createModelChooser(parts: {
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly models: Pick<ModelRequests, 'decide'>;
  /** Catalogue id; the first model that the guild may use where it is not given, or not open to the guild. */
  readonly defaultModel: string | null;
}): ModelChooser {
  const { catalogue, settings, models, defaultModel } = parts;

  return async ({ place, conversation, asked }) => {
    const { guild } = place;
    if (asked !== null) {
      const id = catalogue.resolve(asked, platformOf(guild)).model?.id ?? asked;
      const decision = await models.decide(id, guild);
      return decision.ok
        ? { ok: true, model: decision.model, remark: null }
        : { ok: false, text: explainRefusal(decision) };
    }
    const setting = await settings.model({ place, conversation });
    const wanted = setting?.model ?? defaultModel;
    const decision = wanted === null ? null : await models.decide(wanted, guild);
    if (decision?.ok) return { ok: true, model: decision.model, remark: null };
    const suggestion = decision?.suggestion ?? (await firstAllowed(place));
    if (suggestion === null) {
      return {
        ok: false,
        text: 'No model can be used here at the moment. Please tell the operator of this bot; `/models` shows what there is.',
      };
    }
    const remark =
      setting && decision
        ? `${decision.model?.name ?? 'The model chosen here'} cannot be used here any more; ${suggestion.name} answered.`
        : null;
    return { ok: true, model: suggestion, remark };
  };

  async function firstAllowed({ guild }: Place): Promise<Model | null> {
    for (const { id } of catalogue.list(platformOf(guild))) {
      const decision = await models.decide(id, guild);
      if (decision.ok) return decision.model;
    }
    return null;
  }
}
