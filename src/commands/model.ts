import { explainRefusal } from '../core/access/access.ts';
import type { SettingScope } from '../core/chat/settings.ts';
import { defineCommand } from '../core/command.ts';
import { mayActAs, platformOf } from '../core/ports/actor.ts';

const SCOPE_WORDS = {
  conversation: 'this conversation',
  channel: 'this channel',
  guild: 'all channels',
} as const satisfies Record<SettingScope, string>;

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
      choices: [
        { value: 'conversation', label: 'This conversation' },
        { value: 'channel', label: 'This channel (admins)' },
        { value: 'guild', label: 'All channels (admins)' },
      ],
    },
  },
  async run({ actor, place, services, tell }, { model: spelled, scope = 'conversation' }) {
    const { chat, catalogue, choose, models, roles, settings } = services;
    if (spelled === undefined) {
      const conversation = (await chat.conversationAt(place))?.id ?? null;
      const current = await choose({ place, conversation, asked: null });
      if (!current.ok) return tell(current.text);
      const setting = await settings.model({ place, conversation });
      const origin = setting ? `chosen for ${SCOPE_WORDS[setting.scope]}` : 'the default';
      return tell(
        current.remark ?? `**${current.model.name}** (\`${current.model.id}\`) answers here: ${origin}.`,
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
      await settings.setModel(scope, target, null);
      return tell(`The choice for ${SCOPE_WORDS[scope]} is taken back.`);
    }
    const id = catalogue.resolve(spelled, platformOf(place.guild)).model?.id ?? spelled;
    const decision = await models.decide(id, place.guild);
    if (!decision.ok) return tell(explainRefusal(decision));
    await settings.setModel(scope, target, decision.model.id);
    await tell(`**${decision.model.name}** answers in ${SCOPE_WORDS[scope]} from now on.`);
  },
});
