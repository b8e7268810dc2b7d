import { type AccessRefused, explainRefusal } from '../access/access.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Decide, ModelRequests } from '../ledger/model-requests.ts';
import { type GuildId, guildOf, placeOf, platformOf, type Whose } from '../ports/actor.ts';
import type { Model } from '../ports/model.ts';
import type { SettingsHere } from './settings.ts';

export interface ModelWish {
  readonly whose: Whose;
  /** What the guild may use, if that was looked at already; it is looked at by default. */
  readonly decide?: Decide;
  /** What is set at the place; counts if nothing is asked for. */
  readonly setting: SettingsHere['model'];
  /** As a person spelled it in this request; null if settings decide. */
  readonly asked: string | null;
}

export type ModelChoice =
  /** `remark`: what the asker should know, if the model is not the one that settings name. */
  | { readonly ok: true; readonly model: Model; readonly remark: string | null }
  | {
      readonly ok: false;
      readonly text: string;
      /** What admins can read beside it: what exactly is missing. Null if that is no secret, or not known. */
      readonly forAdmins: string | null;
    };

/**
 * Finds the model for a question: the one that was asked for, else the choice of conversation, channel, guild, else
 * the default. One that was asked for and may not be used is refused; a setting falls back to an allowed default.
 */
export type ModelChooser = (wish: ModelWish) => Promise<ModelChoice>;

export function createModelChooser(parts: {
  readonly catalogue: Catalogue;
  readonly models: Pick<ModelRequests, 'look'>;
  /** Catalogue id; null if the operator names none. */
  readonly defaultModel: string | null;
  /** The variables that are to hold the keys of those that these models lead to. */
  readonly missingKeys: (models: readonly Model[]) => readonly string[];
}): ModelChooser {
  const { catalogue, models, defaultModel, missingKeys } = parts;

  return async ({ whose, setting, asked, ...looked }) => {
    const guild = guildOf(whose);
    const decide = looked.decide ?? (await models.look(whose)).decide;
    if (asked !== null) {
      const id = catalogue.resolve(asked, platformOf(guild)).model?.id ?? asked;
      const decision = decide(id);
      return decision.ok
        ? { ok: true, model: decision.model, remark: null }
        : { ok: false, text: explainRefusal(decision), forAdmins: null };
    }
    const wished = setting && decide(setting.model);
    if (wished?.ok) return { ok: true, model: wished.model, remark: null };
    const model = fallback(guild, decide);
    if (model === null) return { ok: false, ...withoutModels(guild, decide) };
    const remark =
      wished &&
      `${wished.model?.name ?? 'The model chosen here'} cannot be used here any more; ${model.name} answers instead.`;
    return { ok: true, model, remark };
  };

  /** The default where the guild may use it, else the first model that it may, a free one if there is one. */
  function fallback(guild: GuildId, decide: Decide): Model | null {
    const listed = catalogue.list(platformOf(guild));
    const free = listed.filter(({ tier }) => tier === 'free');
    const ids = [...free, ...listed].map(({ id }) => id);
    const decisions = (defaultModel === null ? ids : [defaultModel, ...ids]).map(decide);
    return decisions.find((decision) => decision.ok)?.model ?? null;
  }

  /** Why no model can be used here: no key leads to any, none is left, or none is open. */
  function withoutModels(guild: GuildId, decide: Decide) {
    const listed = catalogue.list(platformOf(guild));
    const decisions = listed.map(({ id }) => decide(id));
    const refused = (reason: AccessRefused['reason']) =>
      listed.filter((_, index) => {
        const decision = decisions[index];
        return decision?.ok === false && decision.reason === reason;
      });
    const keyless = refused('no_route');
    if (keyless.length > 0) {
      const variables = missingKeys(keyless).map((variable) => `\`${variable}\``);
      return {
        text: 'No language model is set up yet. The operator must add an API key.',
        forAdmins:
          variables.length === 0 ? null : `Missing: ${variables.join(' or ')}, in the bot’s \`.env\`.`,
      };
    }
    const locked = refused('locked');
    if (locked.length > 0) {
      return {
        text: `No model is open to ${placeOf(guild)} yet. The operator can grant a tier; \`/models\` shows which model needs which.`,
        forAdmins: null,
      };
    }
    return {
      text: 'The providers no longer offer any of the models here. Please tell the operator.',
      forAdmins: '`npm run doctor` proposes others for `models.json`.',
    };
  }
}

/** A model that sees pictures and that the guild may use now, a free one if there is one; null if there is none. */
export type SeeingModel = (whose: Whose) => Promise<Model | null>;

export function createSeeingModel({
  catalogue,
  models,
}: {
  readonly catalogue: Catalogue;
  readonly models: Pick<ModelRequests, 'decideAll'>;
}): SeeingModel {
  return async (whose) => {
    const seeing = catalogue
      .list(platformOf(guildOf(whose)))
      .filter(({ gone, input }) => !gone && input.includes('image'))
      .toSorted((a, b) => Number(b.tier === 'free') - Number(a.tier === 'free'));
    const decisions = await models.decideAll(
      seeing.map(({ id }) => id),
      whose,
    );
    return decisions.find((decision) => decision.ok)?.model ?? null;
  };
}
