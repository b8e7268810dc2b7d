import { type Command, defineCommand } from '../core/command.ts';
import { mayActAs, type Role } from '../core/ports/actor.ts';
import { BUTTONS } from '../core/ports/buttons.ts';

const WHO = { member: '', admin: ' (admins)', operator: ' (operators)' } as const satisfies Record<
  Role,
  string
>;

export const help = defineCommand({
  name: 'help',
  description: 'Show what the bot can do',
  role: 'member',
  reply: 'private',
  options: {},
  async run({ actor, surface, services, commands, tell }) {
    const role = await services.roles(actor);
    const lines = commands.filter((command) => mayActAs(role, command.role)).map(describe);
    await tell(
      [
        'Ask me with `/ask` or mention me. In my threads and in direct messages, just write.',
        lines.join('\n'),
        `Under an answer, **${BUTTONS.stop.label}** ends it, **${BUTTONS.retry.label}** asks again, with another model if you like${surface.canContinueInThread ? `, **${BUTTONS.continue.label}** goes on from it` : ''}.`,
        ...(services.operatorContact === null ? [] : [`This bot is run by ${services.operatorContact}.`]),
        'The menu of an answer’s message has *Delete this answer*, for the person who asked and for admins.',
        ...(surface.caveat === undefined ? [] : [surface.caveat]),
      ].join('\n\n'),
    );
  },
});

function describe(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, option]) => `  - \`${name}\`: ${option.description}`,
  );
  return [`- \`/${command.name}\`${WHO[command.role]}: ${command.description}`, ...options].join('\n');
}
