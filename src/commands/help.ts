import { type Command, type CommandContext, defineCommand } from '../core/command.ts';
import { quoted } from '../core/kit/text/text.ts';
import { mayActAs, platformOf, type Role } from '../core/ports/actor.ts';
import { BUTTONS } from '../core/ports/buttons.ts';
import { inWordsOf } from '../core/ports/command.ts';

const WHO = { member: '', admin: ' (admins)', operator: ' (operators)' } as const satisfies Record<
  Role,
  string
>;

/** Topics that people look for first, one line each; commands in none of them are on the last line. */
const GROUPS: readonly (readonly [names: readonly string[], what: string])[] = [
  [['models', 'model'], 'which models there are, which one answers here, and how much it thinks'],
  [['persona', 'instructions', 'context'], 'how I answer, and what I read first'],
  [['new', 'listen', 'automatic', 'stop'], 'start anew, which messages I read, stop answers'],
  [['usage', 'limits', 'tier'], 'usage, what is left, and how to get more'],
  [['export', 'forget'], 'get a copy of your data, or delete it'],
];

export const help = defineCommand({
  name: 'help',
  description: 'Show what the bot can do',
  role: 'member',
  reply: 'private',
  isOpenToAll: true,
  options: {
    command: { type: 'text', description: 'A command to explain', maxChars: 40 },
  },
  async run(context, { command: asked }) {
    const { actor, place, services } = context;
    const commands = context.commands.map((each) => inWordsOf(platformOf(place.guild), each));
    const role = await services.roles(actor);
    const open = commands.filter((command) => mayActAs(role, command.role));
    if (asked === undefined) return overview(open, context);
    // Where options are typed, words before the only text option are part of it.
    const name = asked
      .trim()
      .replace(/^(?:command:\s*)?\/?/i, '')
      .toLowerCase();
    const command = commands.find((each) => each.name === name);
    return command === undefined
      ? `There is no command ${quoted(name)}. The commands are ${open.map(nameOf).join(', ')}.`
      : describe(command);
  },
});

/** Eight lines for members; admins have one more. */
function overview(open: readonly Command[], { surface, services }: CommandContext): string {
  const named = new Set(['ask', 'help', ...GROUPS.flatMap(([names]) => names)]);
  const others = open.filter(({ name }) => !named.has(name));
  const more = others.filter(({ role }) => role === 'member');
  const rest = others.filter(({ role }) => role !== 'member');
  const again = `**${BUTTONS.retry.label}** asks again, with another model if you like`;
  const deeds = surface.canContinueInThread
    ? `${again}, and **${BUTTONS.continue.label}** continues from it`
    : `and ${again}`;
  const { operatorContact } = services;
  return [
    `Ask me with \`/ask\` or mention me. In my threads and in direct messages, just write.${surface.caveat === undefined ? '' : ` ${surface.caveat}`}`,
    ...GROUPS.map(([names, what]) => {
      const shown = open.filter(({ name }) => names.includes(name));
      return `- ${shown.map(nameOf).join(', ')}: ${what}`;
    }),
    ...(rest.length === 0
      ? []
      : [
          `- ${rest.map((command) => `${nameOf(command)}${WHO[command.role]}`).join(', ')}: for people who manage this place`,
        ]),
    `- Under an answer, **${BUTTONS.stop.label}** ends it, ${deeds}. *Delete this answer* is in the menu of its message.`,
    `- \`/help command:ask\` explains a command${more.length === 0 ? '' : `; there are also ${more.map(nameOf).join(', ')}`}.${operatorContact === null ? '' : ` This bot is run by ${operatorContact}.`}`,
  ].join('\n');
}

function nameOf({ name }: Command): string {
  return `\`/${name}\``;
}

function describe(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, option]) => `- \`${name}\`${option.required ? ' (needed)' : ''}: ${option.description}`,
  );
  return [`${nameOf(command)}${WHO[command.role]}: ${command.description}.`, ...options].join('\n');
}
