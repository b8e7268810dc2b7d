import { type Command, type CommandContext, defineCommand } from '../core/command.ts';
import { quoted } from '../core/kit/text.ts';
import { mayActAs, type Role } from '../core/ports/actor.ts';
import { BUTTONS } from '../core/ports/buttons.ts';

const WHO = { member: '', admin: ' (admins)', operator: ' (operators)' } as const satisfies Record<
  Role,
  string
>;

/** What people look for first, in lines; what is in none of them stands in the last one. */
const GROUPS: readonly (readonly [names: readonly string[], what: string])[] = [
  [['models', 'model'], 'which models there are, which one answers here, and how much it thinks'],
  [['persona', 'instructions', 'context'], 'how I answer, and what I read first'],
  [['new', 'listen', 'automatic', 'stop'], 'begin anew, what I hear unasked, end answers'],
  [['usage', 'limits', 'tier'], 'what was used, what is left, and how to get more'],
  [['export', 'forget'], 'your data: a copy of it, or its end'],
];

export const help = defineCommand({
  name: 'help',
  description: 'Show what the bot can do',
  role: 'member',
  reply: 'private',
  isOpenToAll: true,
  options: {
    command: { type: 'text', description: 'A command to tell more about', maxChars: 40 },
  },
  async run(context, { command: asked }) {
    const { actor, services, commands, tell } = context;
    const role = await services.roles(actor);
    const open = commands.filter((command) => mayActAs(role, command.role));
    if (asked === undefined) return tell(overview(open, context));
    // Where options are typed, a name before the only text is part of it.
    const name = asked
      .trim()
      .replace(/^(?:command:\s*)?\/?/i, '')
      .toLowerCase();
    const command = commands.find((each) => each.name === name);
    await tell(
      command === undefined
        ? `There is no command ${quoted(name)}. There are ${open.map(nameOf).join(', ')}.`
        : describe(command),
    );
  },
});

/** Eight lines for a member; admins have one more. */
function overview(open: readonly Command[], { surface, services }: CommandContext): string {
  const named = new Set(['ask', 'help', ...GROUPS.flatMap(([names]) => names)]);
  const others = open.filter(({ name }) => !named.has(name));
  const [rest, more] = [false, true].map((isForAll) =>
    others.filter(({ role }) => (role === 'member') === isForAll),
  ) as [Command[], Command[]];
  const goesOn = surface.canContinueInThread ? `, **${BUTTONS.continue.label}** goes on from it` : '';
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
          `- ${rest.map((command) => `${nameOf(command)}${WHO[command.role]}`).join(', ')}: for those who manage this`,
        ]),
    `- Under an answer, **${BUTTONS.stop.label}** ends it, **${BUTTONS.retry.label}** asks again, with another model if you like${goesOn}; the menu of its message has *Delete this answer*.`,
    `- \`/help command:ask\` tells more about a command${more.length === 0 ? '' : `; there are also ${more.map(nameOf).join(', ')}`}.${operatorContact === null ? '' : ` This bot is run by ${operatorContact}.`}`,
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
