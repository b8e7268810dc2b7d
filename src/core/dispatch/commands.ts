import { explain, inOneLine } from '../chat/words/explain.ts';
import type { Command, CommandContext } from '../command.ts';
import { isAskedInForm, parseOptions } from '../ports/command.ts';
import type { Dispatch, Invocation } from '../ports/events.ts';
import { howToFillIn, typedBehind } from '../prompt/secrets.ts';
import type { DispatchParts } from './parts.ts';

/** Commands, and what can be known of them before they run. */
export function createCommands({
  commands,
  services,
  arrivals,
  permission,
  teller,
  log,
}: DispatchParts): Pick<Dispatch, 'command' | 'refusalOfCommand' | 'view'> {
  const byName = new Map(commands.map((command) => [command.name, command]));
  const unknown = `Unknown command. Available commands: ${commands.map(({ name }) => `\`/${name}\``).join(', ')}.`;

  /** Runs a command if the person may use it and its options are valid; resolves to what to tell them. */
  async function run(command: Command, invocation: Invocation): ReturnType<Command['run']> {
    const { actor, place, surface, id, brought = [], readThread, writtenAtMs } = invocation;
    const late = writtenAtMs === undefined ? {} : { writtenAtMs };
    const refusal = await permission.refusalOf(command, invocation);
    const isOpen = isAskedInForm(command) && !invocation.isFilledIn;
    const instead = refusal ?? (isOpen ? howToFillIn(command.name) : null);
    const isTyped = isOpen && Object.keys(invocation.options).length > 0;
    if (instead !== null) return isTyped ? `${typedBehind(command.name)} ${instead}` : instead;
    const parsed = parseOptions(command, invocation.options);
    if (!parsed.ok) return parsed.problem;
    const context: CommandContext = {
      actor,
      place,
      surface,
      brought,
      readThread,
      services,
      commands,
      ask: (question) => services.chat.ask({ ...question, eventId: id, actor, place, surface, ...late }),
    };
    return command.run(context, parsed.values);
  }

  return {
    command: (invocation) =>
      arrivals.handleOnce(invocation, async () => {
        const command = byName.get(invocation.command);
        const told = command ? await run(command, invocation) : unknown;
        if (told !== undefined) await teller.say(invocation.surface, told);
      }),

    refusalOfCommand: (request) =>
      arrivals.refusal({ command: request.command }, async () => {
        const command = byName.get(request.command);
        return command ? permission.refusalOf(command, request) : unknown;
      }),

    async view({ command: name, actor, place }) {
      const command = byName.get(name);
      if (command?.view === undefined) return null;
      try {
        if ((await permission.refusalOf(command, { actor, place })) !== null) return null;
        return await command.view({ actor, place, services });
      } catch (error) {
        log.error({ err: error, command: name }, "could not show a command's output");
        return inOneLine(explain(error));
      }
    },
  };
}
