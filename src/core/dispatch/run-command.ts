import type { Command, CommandContext } from '../command.ts';
import { platformOf } from '../ports/actor.ts';
import { inWordsOf, isAskedInForm, parseOptions } from '../ports/command.ts';
import type { Invocation } from '../ports/events.ts';
import type { Platform } from '../ports/platforms.ts';
import { howToFillIn, typedBehind } from '../prompt/secrets.ts';
import type { Services } from '../services.ts';
import type { Permission } from './permission.ts';
import type { Teller } from './teller.ts';

/** Runs a command for a person who may use it, with valid options; tells others why not. */
export function createCommandRunner(
  commands: readonly Command[],
  services: Services,
  permission: Permission,
  teller: Teller,
): (command: Command, invocation: Invocation) => Promise<void> {
  const never = new AbortController().signal;
  /** In each platform's words, made once. */
  const worded = new Map<Platform, readonly Command[]>();

  function commandsOn(platform: Platform): readonly Command[] {
    const known = worded.get(platform) ?? commands.map((each) => inWordsOf(platform, each));
    worded.set(platform, known);
    return known;
  }

  return async (command, invocation) => {
    const { actor, place, surface, id, brought = [], readThread, writtenAtMs } = invocation;
    const late = writtenAtMs === undefined ? {} : { writtenAtMs };
    const refusal = await permission.refusalOf(command, invocation);
    const isOpen = isAskedInForm(command) && !invocation.isFilledIn;
    const instead = refusal ?? (isOpen ? howToFillIn(command.name) : null);
    const isTyped = isOpen && Object.keys(invocation.options).length > 0;
    if (instead !== null) {
      return teller.say(surface, isTyped ? `${typedBehind(command.name)} ${instead}` : instead);
    }
    const parsed = parseOptions(command, invocation.options);
    if (!parsed.ok) return teller.say(surface, parsed.problem);
    const context: CommandContext = {
      actor,
      place,
      surface,
      brought,
      readThread,
      services,
      commands: commandsOn(platformOf(place.guild)),
      signal: never,
      ask: (question) => services.chat.ask({ ...question, eventId: id, actor, place, surface, ...late }),
    };
    const told = await command.run(context, parsed.values);
    if (told !== undefined) await teller.say(surface, told);
  };
}
