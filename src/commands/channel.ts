import { explainRefusal } from '../core/access/access.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import type { NewValues } from '../core/conversations/setting.ts';
import type { Option, OptionValues } from '../core/ports/command.ts';
import { choice } from './options/choice.ts';
import { decideSpelled, EFFORT_LABELS, refusedEffort } from './options/models.ts';
import { changeRecord } from './options/setting-scope.ts';
import { unknownPersona } from './persona.ts';

/** Removes a setting, so that the wider level decides. */
const DEFAULT = 'default';

const options = {
  model: { type: 'model', description: `The model that answers here; "${DEFAULT}" removes the setting` },
  persona: {
    type: 'text',
    description: `The persona that answers here; "none" for none, "${DEFAULT}" removes the setting`,
    maxChars: 40,
  },
  effort: choice(`How much the model thinks first, if it can; "${DEFAULT}" removes the setting`, {
    ...EFFORT_LABELS,
    [DEFAULT]: 'As everywhere',
  }),
  web: choice('Whether questions here may search the web unasked (costs extra)', {
    on: 'Search the web if the model can',
    off: 'Only if somebody asks for it',
    [DEFAULT]: 'As everywhere',
  }),
  mention: choice('Whether I answer only what mentions me here', {
    needed: 'I answer what mentions me',
    'not-needed': 'I answer everything that is written here',
  }),
  answers: choice('Where I answer a mention here', {
    thread: 'In a thread',
    channel: 'In the channel',
    [DEFAULT]: 'As the platform has it',
  }),
  show: choice('How answers are shown here; people can choose otherwise with /answers', {
    whole: 'Whole, once they have ended',
    growing: 'Growing while the model writes',
    [DEFAULT]: 'As everywhere',
  }),
} as const satisfies Readonly<Record<string, Option>>;

export const channel = defineCommand({
  name: 'channel',
  description: 'Show or set how I answer in this channel',
  role: 'admin',
  reply: 'private',
  options,
  async run(context, given) {
    const { place, services } = context;
    const change = await changeIn(context, given);
    if (typeof change === 'string') return change;
    if (Object.keys(change).length > 0) {
      // As the admin wrote it, with the whole names of model and persona.
      const { model = given.model, persona } = change;
      const set = Object.entries({ ...given, model, persona: persona ?? given.persona }).filter(
        ([, value]) => value !== undefined,
      );
      const [names, values] = [set.map(([name]) => name), set.map(([, value]) => value)];
      const record = changeRecord(context, 'channel', names.join(', '), values.join(', '));
      await services.settings.change('channel', { place, conversation: null }, change, record);
    }
    const isLate = 'mention' in change || 'inThread' in change;
    return `${await inWords(context)}${isLate ? '\nIt may take half a minute until everything applies.' : ''}`;
  },
});

/** The changes in the options, or a sentence on why they are impossible. */
async function changeIn(
  context: CommandContext,
  { model, persona, effort, web, show, mention, answers }: OptionValues<typeof options>,
): Promise<NewValues | string> {
  const { place, actor, services } = context;
  let change: NewValues = {};
  if (model === DEFAULT) change = { ...change, model: undefined };
  else if (model !== undefined) {
    const decision = await decideSpelled(context, model, actor);
    if (!decision.ok) return explainRefusal(decision);
    change = { ...change, model: decision.model.id };
  }
  const name = persona?.trim().toLowerCase();
  if (name === DEFAULT) change = { ...change, persona: undefined };
  else if (name === 'none') change = { ...change, persona: null };
  else if (persona !== undefined) {
    const found = await services.personas.get(place.guild, persona);
    if (found === null) return unknownPersona(persona);
    change = { ...change, persona: found.name };
  }
  if (effort === DEFAULT) change = { ...change, effort: undefined };
  else if (effort !== undefined) {
    const here = await services.settings.at({ place, conversation: null });
    const current = await services.choose({ whose: actor, setting: here.model, asked: change.model ?? null });
    const granted = current.ok ? (await services.models.look(actor)).decide(current.model.id) : null;
    const refused = granted?.ok ? refusedEffort(granted, effort) : null;
    if (refused !== null) return refused;
    change = { ...change, effort };
  }
  return {
    ...change,
    ...(web && { webSearch: web === DEFAULT ? undefined : web === 'on' }),
    ...(show && { whole: show === DEFAULT ? undefined : show === 'whole' }),
    ...(mention && { mention: mention === 'needed' ? undefined : false }),
    ...(answers && { inThread: answers === DEFAULT ? undefined : answers === 'thread' }),
  };
}

/** The settings in effect in the channel, from every level. */
async function inWords({ place, actor, services }: CommandContext): Promise<string> {
  const here = await services.settings.at({ place, conversation: null });
  const current = await services.choose({ whose: actor, setting: here.model, asked: null });
  const { hearsAll, inThread } = await services.settings.channel(place);
  return [
    '**In this channel**',
    `- Model: ${current.ok ? `${current.model.name} (\`${current.model.id}\`)` : current.text}`,
    `- Effort: ${here.effort === null ? 'the model’s default' : `\`${here.effort.effort}\`, if the model supports it`}`,
    `- Persona: ${here.persona === null ? 'none' : here.persona.persona.name}`,
    `- Web search: ${here.webSearch ? 'on, if the model can' : 'only if somebody asks for it'}`,
    `- Mention: ${hearsAll ? 'not needed, I answer every message here' : 'needed'}`,
    `- Answers to a mention: ${inThread === null ? 'as usual on this platform' : inThread ? 'in a thread' : 'in the channel'}`,
    `- Answers: ${here.whole ? 'complete, once they have ended' : 'growing'}`,
    'See also `/access` (who may use me here), `/context` (whether I read threads) and `/limits`.',
  ].join('\n');
}
