import { explainRefusal } from '../core/access/access.ts';
import { defineCommand, type ViewContext } from '../core/command.ts';
import type { ModelSetting } from '../core/conversations/settings.ts';
import { mayActAs, platformOf } from '../core/ports/actor.ts';
import { SCOPE_CHOICES, SCOPE_WORDS } from './setting-scope.ts';

/** Takes a choice back instead of making one. */
const DEFAULT = 'default';

export const model = defineCommand({
  name: 'model',
  description: 'Show or choose the model for this conversation or channel',
  role: 'member',
  reply: 'private',
  options: {
    model: {
      type: 'model',
      description: `Model to use; "${DEFAULT}" resets it (default: show the current one)`,
    },
    fallback: {
      type: 'model',
      description: `Model that answers if that one fails (admins); "${DEFAULT}" removes it`,
    },
    scope: {
      type: 'choice',
      description: 'Where to use it (default: this conversation)',
      choices: SCOPE_CHOICES,
    },
  },
  view: answeringHere,
  async run({ actor, place, services, tell }, { model: spelled, fallback, scope = 'conversation' }) {
    const { chat, catalogue, models, roles, settings } = services;
    const decide = (asked: string) =>
      models.decide(catalogue.resolve(asked, platformOf(place.guild)).model?.id ?? asked, actor);
    if (fallback !== undefined) {
      if (spelled !== undefined) return tell('Set the model and the fallback in two separate commands.');
      if (!mayActAs(await roles(actor), 'admin')) return tell('Only an admin can choose a fallback.');
      const where = scope === 'channel' ? 'channel' : 'guild';
      const target = { place, conversation: null };
      if (fallback === DEFAULT) {
        await settings.change(where, target, { fallback: undefined });
        return tell(`Fallback for ${SCOPE_WORDS[where]} removed.`);
      }
      const decision = await decide(fallback);
      if (!decision.ok) return tell(explainRefusal(decision));
      await settings.change(where, target, { fallback: decision.model.id });
      return tell(
        `**${decision.model.name}** now answers in ${SCOPE_WORDS[where]} if the chosen model fails, at its own price.`,
      );
    }
    if (spelled === undefined) return tell(await answeringHere({ actor, place, services }));
    if (scope !== 'conversation' && !mayActAs(await roles(actor), 'admin')) {
      return tell(
        `Only an admin can choose the model for ${SCOPE_WORDS[scope]}. You can choose it for a conversation.`,
      );
    }
    if (scope === 'conversation' && place.key === null) {
      return tell(
        'There is no conversation here. Use `/model` in a thread or direct message, or choose a model in `/ask`.',
      );
    }
    const conversation = scope === 'conversation' ? (await chat.openConversation(place)).id : null;
    const target = { place, conversation };
    if (spelled === DEFAULT) {
      await settings.change(scope, target, { model: undefined });
      return tell(`Model for ${SCOPE_WORDS[scope]} reset to the default.`);
    }
    const decision = await decide(spelled);
    if (!decision.ok) return tell(explainRefusal(decision));
    await settings.change(scope, target, { model: decision.model.id });
    await tell(`**${decision.model.name}** now answers in ${SCOPE_WORDS[scope]}.`);
  },
});

/** Which model answers here, and why that one. */
async function answeringHere({ actor, place, services }: ViewContext): Promise<string> {
  const { chat, choose, settings } = services;
  const conversation = await chat.conversationAt(place);
  const { model: setting, fallback: instead } = await settings.at({ place, conversation });
  const current = await choose({ whose: actor, setting, asked: null });
  if (!current.ok) return current.text;
  const ifItFails = instead === null ? '' : ` If it fails: \`${instead}\`.`;
  return (
    current.remark ??
    `**${current.model.name}** (\`${current.model.id}\`) answers here: ${originOf(setting)}.${ifItFails}`
  );
}

function originOf(setting: ModelSetting | null): string {
  if (setting === null) return 'the default';
  const where = SCOPE_WORDS[setting.scope];
  return setting.persona === null ? `chosen for ${where}` : `of the persona ${setting.persona} in ${where}`;
}
