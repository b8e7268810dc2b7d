import { type AccessGranted, explainRefusal } from '../core/access/access.ts';
import { type CommandContext, defineCommand, type ViewContext } from '../core/command.ts';
import type { SettingChange } from '../core/conversations/setting.ts';
import type { EffortSetting, ModelSetting } from '../core/conversations/settings.ts';
import { mayActAs } from '../core/ports/actor.ts';
import { choice } from './options/choice.ts';
import { decideSpelled, EFFORT_LABELS, effortInWords, refusedEffort, timesUsual } from './options/models.ts';
import { changeRecord, SCOPE_LABELS, SCOPE_WORDS } from './options/setting-scope.ts';

/** Removes a setting instead of making one. */
const DEFAULT = 'default';

export const model = defineCommand({
  name: 'model',
  description: 'Show or choose the model here, and how much it thinks',
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
    scope: choice('Where to use it (default: this conversation)', SCOPE_LABELS),
    effort: choice(`How much it thinks first, if it can; "${DEFAULT}" leaves it to the model`, {
      ...EFFORT_LABELS,
      [DEFAULT]: 'The model’s default',
    }),
  },
  view: answeringHere,
  async run(context, { model: spelled, fallback, scope = 'conversation', effort }) {
    const { actor, place, services } = context;
    const { chat, models, roles, settings } = services;
    if (fallback !== undefined) {
      if (spelled !== undefined || effort !== undefined) {
        return 'Set the model and the fallback in two separate commands.';
      }
      return setFallback(context, fallback, scope === 'channel' ? 'channel' : 'guild');
    }
    if (spelled === undefined && effort === undefined) return answeringHere(context);
    if (scope !== 'conversation' && !mayActAs(await roles(actor), 'admin')) {
      return `Only an admin can choose the ${spelled === undefined ? 'effort' : 'model'} for ${SCOPE_WORDS[scope]}. You can choose it for a conversation.`;
    }
    if (scope === 'conversation' && place.key === null) {
      return `There is no conversation here. Use \`/model\` in a thread or direct message, or choose ${spelled === undefined ? 'an effort' : 'a model'} in \`/ask\`.`;
    }
    const conversation = scope === 'conversation' ? await chat.openConversation(place) : null;
    let change: SettingChange = {};
    const said: string[] = [];
    let chosen: AccessGranted | null = null;
    if (spelled === DEFAULT) {
      change = { model: undefined };
      said.push(`Model for ${SCOPE_WORDS[scope]} reset to the default.`);
    } else if (spelled !== undefined) {
      const decision = await decideSpelled(context, spelled, actor);
      if (!decision.ok) return explainRefusal(decision);
      chosen = decision;
      change = { model: decision.model.id };
      said.push(`**${decision.model.name}** now answers in ${SCOPE_WORDS[scope]}.`);
    }
    if (effort === DEFAULT) {
      change = { ...change, effort: undefined };
      said.push(`Effort for ${SCOPE_WORDS[scope]} reset to the default.`);
    } else if (effort !== undefined) {
      const { model: setting } = await settings.at({ place, conversation });
      const { decide } = await models.look(actor);
      const asked = chosen?.model.id ?? null;
      const current = await services.choose({ whose: actor, decide, setting, asked });
      if (!current.ok) return current.text;
      const granted = decide(current.model.id);
      if (!granted.ok) return explainRefusal(granted);
      const refused = refusedEffort(granted, effort);
      if (refused !== null) return refused;
      change = { ...change, effort };
      const times = timesUsual(granted, effort, services.catalogue);
      said.push(`Effort for ${SCOPE_WORDS[scope]}: \`${effort}\`.`);
      const words = effortInWords(granted, effort);
      if (words !== '') said.push(words);
      if (times > 1) said.push(`An answer may cost up to ${times} times as much.`);
    }
    const values = Object.values(change).map((value) => value ?? DEFAULT);
    const record = changeRecord(context, scope, Object.keys(change).join(', '), values.join(', '));
    await settings.change(scope, { place, conversation: conversation?.id ?? null }, change, record);
    return said.join(' ');
  },
});

async function setFallback(
  context: CommandContext,
  spelled: string,
  where: 'channel' | 'guild',
): Promise<string> {
  const { actor, place, services } = context;
  const { roles, settings } = services;
  if (!mayActAs(await roles(actor), 'admin')) return 'Only an admin can choose a fallback.';
  const target = { place, conversation: null };
  if (spelled === DEFAULT) {
    const record = changeRecord(context, where, 'fallback', DEFAULT);
    await settings.change(where, target, { fallback: undefined }, record);
    return `Fallback for ${SCOPE_WORDS[where]} removed.`;
  }
  const decision = await decideSpelled(context, spelled, actor);
  if (!decision.ok) return explainRefusal(decision);
  const fallback = decision.model.id;
  await settings.change(where, target, { fallback }, changeRecord(context, where, 'fallback', fallback));
  return `**${decision.model.name}** now answers in ${SCOPE_WORDS[where]} if the chosen model fails, at its own price.`;
}

/** The model that answers here, and why. */
async function answeringHere({ actor, place, services }: ViewContext): Promise<string> {
  const { chat, choose, models, settings } = services;
  const conversation = await chat.conversationAt(place);
  const { model: setting, fallback: instead, effort } = await settings.at({ place, conversation });
  const current = await choose({ whose: actor, setting, asked: null });
  if (!current.ok) return current.text;
  const ifItFails = instead === null ? '' : ` If it fails: \`${instead}\`.`;
  const answers =
    current.remark ??
    `**${current.model.name}** (\`${current.model.id}\`) answers here: ${originOf(setting)}.${ifItFails}`;
  const granted = effort === null ? null : (await models.look(actor)).decide(current.model.id);
  if (effort === null || !granted?.ok) return answers;
  const words = effortInWords(granted, effort.effort);
  return `${answers} Effort: \`${effort.effort}\`, ${originOf(effort)}. ${words}`.trim();
}

function originOf(setting: ModelSetting | EffortSetting | null): string {
  if (setting === null) return 'the default';
  const where = SCOPE_WORDS[setting.scope];
  return setting.persona === null
    ? `chosen for ${where}`
    : `chosen by the persona ${setting.persona} in ${where}`;
}
