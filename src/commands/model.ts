import { explainRefusal } from '../core/access/access.ts';
import type { ModelSetting } from '../core/chat/settings.ts';
import { defineCommand } from '../core/command.ts';
import { mayActAs, platformOf } from '../core/ports/actor.ts';
import { SCOPE_CHOICES, SCOPE_WORDS } from './setting-scope.ts';

/** Takes a choice back instead of making one. */
const DEFAULT = 'default';

export const model = defineCommand({
  name: 'model',
  description: 'Show or choose the model that answers here',
  role: 'member',
  reply: 'private',
  options: {
    model: {
      type: 'model',
      description: `Which model; "${DEFAULT}" takes the choice back; shows it if left out`,
    },
    scope: {
      type: 'choice',
      description: 'Where it counts; beyond this conversation for admins',
      choices: SCOPE_CHOICES,
    },
  },
  async run({ actor, place, services, tell }, { model: spelled, scope = 'conversation' }) {
    const { chat, catalogue, choose, models, roles, settings } = services;
    if (spelled === undefined) {
      const conversation = await chat.conversationAt(place);
      const { model: setting } = await settings.at({ place, conversation });
      const current = await choose({ guild: place.guild, setting, asked: null });
      if (!current.ok) return tell(current.text);
      return tell(
        current.remark ??
          `**${current.model.name}** (\`${current.model.id}\`) answers here: ${originOf(setting)}.`,
      );
    }
    if (scope !== 'conversation' && !mayActAs(await roles(actor), 'admin')) {
      return tell(
        `Only an admin can choose the model for ${SCOPE_WORDS[scope]}. You can choose one for a conversation.`,
      );
    }
    if (scope === 'conversation' && place.key === null) {
      return tell(
        'There is no conversation here to choose a model for: use `/model` inside a thread or direct message, or give `/ask` a model.',
      );
    }
    const conversation = scope === 'conversation' ? (await chat.openConversation(place)).id : null;
    const target = { place, conversation };
    if (spelled === DEFAULT) {
      await settings.change(scope, target, { model: undefined });
      return tell(`The choice for ${SCOPE_WORDS[scope]} is taken back.`);
    }
    const id = catalogue.resolve(spelled, platformOf(place.guild)).model?.id ?? spelled;
    const decision = await models.decide(id, place.guild);
    if (!decision.ok) return tell(explainRefusal(decision));
    await settings.change(scope, target, { model: decision.model.id });
    await tell(`**${decision.model.name}** answers in ${SCOPE_WORDS[scope]} from now on.`);
  },
});

function originOf(setting: ModelSetting | null): string {
  if (setting === null) return 'the default';
  const where = SCOPE_WORDS[setting.scope];
  return setting.persona === null ? `chosen for ${where}` : `of the persona ${setting.persona} in ${where}`;
}
