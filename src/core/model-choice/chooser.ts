import { explainRefusal } from '../access/access.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { SettingsHere } from '../conversations/settings.ts';
import type { Look, ModelRequests } from '../ledger/model-requests.ts';
import { type GuildId, guildOf, placeOf, platformOf, type Whose } from '../ports/actor.ts';
import type { Model } from '../ports/model.ts';

export interface ModelWish {
  readonly whose: Whose;
  /** Decisions about models, if the guild was read already; else the guild is read. */
  readonly decide?: Look['decide'];
  /** The setting at the place; used if no model is named. */
  readonly setting: SettingsHere['model'];
  /** The model as typed in this request; null if settings decide. */
  readonly asked: string | null;
}

export type ModelChoice =
  /** `remark`: what the asker should know if another model than the set one answers. */
  | { readonly ok: true; readonly model: Model; readonly remark: string | null }
  | {
      readonly ok: false;
      readonly text: string;
      /** More detail for admins: what exactly is missing. Null if that is no secret, or unknown. */
      readonly forAdmins: string | null;
    };

/**
 * Finds the model for a question: the named one, else the setting of conversation, channel or guild, else the default. A
 * named model that may not be used is refused; a setting falls back to an allowed default.
 */
export type ModelChooser = (wish: ModelWish) => Promise<ModelChoice>;

export function createModelChooser(parts: {
  readonly catalogue: Catalogue;
  readonly models: Pick<ModelRequests, 'look'>;
  /** Catalogue id; null if the operator sets none. */
  readonly defaultModel: string | null;
  /** The variables for the missing keys of these models' providers. */
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

  /** The default model if the guild may use it, else the first allowed model, preferably a free one. */
  function fallback(guild: GuildId, decide: Look['decide']): Model | null {
    const listed = catalogue.list(platformOf(guild));
    const free = listed.filter(({ tier }) => tier === 'free');
    const ids = [...free, ...listed].map(({ id }) => id);
    const decisions = (defaultModel === null ? ids : [defaultModel, ...ids]).map(decide);
    return decisions.find((decision) => decision.ok)?.model ?? null;
  }

  /** The reason why no model can be used: no key, no model left, or no tier for any. */
  function withoutModels(guild: GuildId, decide: Look['decide']) {
    const refused = Object.groupBy(catalogue.list(platformOf(guild)), ({ id }) => {
      const decision = decide(id);
      return decision.ok ? 'open' : decision.reason;
    });
    const keyless = refused.no_route;
    if (keyless !== undefined) {
      const variables = missingKeys(keyless).map((variable) => `\`${variable}\``);
      return {
        text: 'No language model is set up yet. The operator must add an API key.',
        forAdmins:
          variables.length === 0 ? null : `Missing: ${variables.join(' or ')}, in the bot’s \`.env\`.`,
      };
    }
    if (refused.locked !== undefined) {
      return {
        text: `No model is available in ${placeOf(guild)} yet. The operator can grant a tier; \`/models\` shows which tier each model needs.`,
        forAdmins: null,
      };
    }
    return {
      text: 'The providers no longer offer any of the models here. Please tell the operator.',
      forAdmins: '`npm run doctor` suggests others for `models.json`.',
    };
  }
}

/** A model that can see pictures and that the guild may use now, preferably a free one; null if there is none. */
export type SeeingModel = (whose: Whose) => Promise<Model | null>;

export function createSeeingModel(catalogue: Catalogue, models: Pick<ModelRequests, 'look'>): SeeingModel {
  return async (whose) => {
    const seeing = catalogue
      .list(platformOf(guildOf(whose)))
      .filter(({ gone, input }) => !gone && input.includes('image'))
      .toSorted((a, b) => Number(b.tier === 'free') - Number(a.tier === 'free'));
    const { decide } = await models.look(whose);
    return seeing.find(({ id }) => decide(id).ok) ?? null;
  };
}
