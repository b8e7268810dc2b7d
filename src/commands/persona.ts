import { explainRefusal } from '../core/access/access.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import { MAX_INSTRUCTIONS_CHARS } from '../core/conversations/instructions.ts';
import { MAX_PERSONAS, PERSONA_NAME, type Persona } from '../core/conversations/personas.ts';
import type { SettingScope } from '../core/conversations/settings.ts';
import { MAX_QUOTED_CHARS, oneLine, quoted } from '../core/kit/text/text.ts';
import { mayActAs } from '../core/ports/actor.ts';
import type { Effort } from '../core/ports/effort.ts';
import { choice } from './options/choice.ts';
import { decideSpelled, EFFORT_LABELS } from './options/models.ts';
import { changeRecord, ownedTarget, SCOPE_LABELS, SCOPE_WORDS } from './options/setting-scope.ts';

/** `default` removes the setting, and `none` chooses no persona, whatever wider levels say. Neither can be a name. */
const DEFAULT = 'default';
const NONE = 'none';

export const persona = defineCommand({
  name: 'persona',
  description: 'Choose a persona for the bot here, or edit the list of personas (admins)',
  role: 'member',
  reply: 'private',
  options: {
    action: choice('What to do (default: use the named persona, or list them)', {
      list: 'List them',
      use: 'Use one here',
      add: 'Add or replace one (admins)',
      remove: 'Remove one (admins)',
    }),
    name: {
      type: 'text',
      description: `Name of the persona; "${NONE}" uses none, "${DEFAULT}" resets the choice`,
      maxChars: 40,
    },
    instructions: {
      type: 'text',
      description: 'For add: the instructions of the persona',
      maxChars: MAX_INSTRUCTIONS_CHARS,
    },
    model: { type: 'model', description: 'For add: the persona’s model, if nobody chose another' },
    effort: choice('For add: how much its model thinks first, if nobody chose otherwise', EFFORT_LABELS),
    temperature: { type: 'text', description: 'For add: from 0 (predictable) to 2 (creative)', maxChars: 10 },
    scope: choice('For use: where (default: this conversation; more for admins)', SCOPE_LABELS),
  },
  async run(context, given) {
    const { name, scope = 'conversation' } = given;
    const { action = name === undefined ? 'list' : 'use' } = given;
    if (action === 'list') return listed(context);
    if (name === undefined) return `Add the name of the persona: \`/persona action:${action} name:…\`.`;
    if (action === 'use') return use(context, name, scope);
    if (!mayActAs(await context.services.roles(context.actor), 'admin')) {
      return 'Only an admin can add or remove personas. `/persona action:list` shows the ones you can use.';
    }
    if (action === 'remove') return remove(context, name);
    return add(context, { ...given, name });
  },
});

async function use(context: CommandContext, name: string, scope: SettingScope): Promise<string> {
  const { place, services } = context;
  const target = await ownedTarget(context, scope, 'the persona');
  if (typeof target === 'string') return target;
  const where = SCOPE_WORDS[scope];
  const word = name.toLowerCase();
  if (word === DEFAULT || word === NONE) {
    const persona = word === NONE ? null : undefined;
    await services.settings.change(scope, target, { persona }, changeRecord(context, scope, 'persona', word));
    return word === NONE
      ? `No persona is used in ${where} now.`
      : `Persona for ${where} reset to the default.`;
  }
  const found = await services.personas.get(place.guild, name);
  if (found === null) return unknownPersona(name);
  const record = changeRecord(context, scope, 'persona', found.name);
  await services.settings.change(scope, target, { persona: found.name }, record);
  return `I now answer as **${found.name}** in ${where}.`;
}

async function add(
  context: CommandContext,
  given: { name: string; instructions?: string; model?: string; effort?: Effort; temperature?: string },
): Promise<string> {
  const { place, services } = context;
  const name = given.name.trim();
  if (!PERSONA_NAME.test(name) || [DEFAULT, NONE].includes(name.toLowerCase())) {
    return `A name has 1 to 40 letters, digits, spaces, hyphens or apostrophes, and must not be \`${NONE}\` or \`${DEFAULT}\`.`;
  }
  if (given.instructions === undefined) return 'Add the instructions of the persona: `instructions:…`.';
  const temperature =
    given.temperature === undefined ? undefined : Number(given.temperature.replace(',', '.'));
  if (temperature !== undefined && !(temperature >= 0 && temperature <= 2)) {
    return '`temperature` must be a number from 0 to 2, such as 0.7.';
  }
  let model: string | undefined;
  if (given.model !== undefined) {
    const decision = await decideSpelled(context, given.model, place.guild);
    if (!decision.ok) return explainRefusal(decision);
    model = decision.model.id;
  }
  const persona = {
    name,
    instructions: given.instructions,
    ...(model !== undefined && { model }),
    ...(given.effort !== undefined && { effort: given.effort }),
    ...(temperature !== undefined && { temperature }),
  };
  const record = changeRecord(context, 'guild', `persona ${name}`, given.instructions);
  const saved = await services.personas.save(place.guild, persona, record);
  if (saved === 'full') {
    return `There are ${MAX_PERSONAS} personas already. Remove one first: \`/persona action:remove name:…\`.`;
  }
  return `**${name}** is ${saved}. Use it with \`/persona action:use name:${name}\`.`;
}

async function remove(context: CommandContext, name: string): Promise<string> {
  const { place, services } = context;
  const found = await services.personas.get(place.guild, name);
  if (found === null) return unknownPersona(name);
  const record = changeRecord(context, 'guild', `persona ${found.name}`, null);
  await services.personas.remove(place.guild, found.name, record);
  return `**${found.name}** is removed. Where it was used, I now answer without a persona.`;
}

export function unknownPersona(name: string): string {
  return `There is no persona called ${quoted(name)}. \`/persona\` lists the available ones.`;
}

async function listed({ place, services }: CommandContext): Promise<string> {
  const conversation = await services.chat.conversationAt(place);
  const [all, here] = await Promise.all([
    services.personas.list(place.guild),
    services.settings.at({ place, conversation }),
  ]);
  if (all.length === 0) {
    return 'There are no personas here yet. Admins add them with `/persona action:add name:… instructions:…`.';
  }
  const lines = all.map((one) => {
    const isUsed = one.name === here.persona?.persona.name;
    return `- **${one.name}**${isUsed ? ' (answers here)' : ''} · ${factsOf(one)}`;
  });
  return [...lines, '', 'Use one with `/persona action:use name:…`.'].join('\n');
}

function factsOf({ instructions, model, effort, temperature }: Persona): string {
  return [
    quoted(oneLine(instructions, MAX_QUOTED_CHARS)),
    ...(model === undefined ? [] : [`\`${model}\``]),
    ...(effort === undefined ? [] : [`effort ${effort}`]),
    ...(temperature === undefined ? [] : [`temperature ${temperature}`]),
  ].join(' · ');
}
