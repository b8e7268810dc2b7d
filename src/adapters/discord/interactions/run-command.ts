import type {
  AnyThreadChannel,
  ButtonInteraction,
  ChatInputCommandInteraction,
  Message,
  MessageContextMenuCommandInteraction,
  ModalSubmitInteraction,
} from 'discord.js';
import { type CommandDeclaration, optionsForOne } from '../../../core/ports/command.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import { readThread } from '../messages/read-thread.ts';
import { type Acknowledge, thinking } from './acknowledge.ts';
import type { InteractionContext } from './context.ts';
import { surfaceOf } from './surface-of.ts';

/** A command, however it was given. */
export interface GivenCommand {
  readonly name: string;
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether the options come from a form. Default false. */
  readonly isFilledIn?: boolean;
  /** Finds the message that the command is about, after the acknowledgement. */
  readonly find?: () => Promise<readonly BroughtPart[]>;
  /** The thread in which it is used. Default: none. */
  readonly thread?: AnyThreadChannel | null;
}

export interface CommandRunner {
  run(
    interaction:
      | ChatInputCommandInteraction
      | MessageContextMenuCommandInteraction
      | ButtonInteraction
      | ModalSubmitInteraction,
    command: GivenCommand,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** Runs a command on the thread of a message, for the person alone. */
  runOnThreadOf(
    message: Message,
    interaction: MessageContextMenuCommandInteraction | ButtonInteraction,
    command: CommandDeclaration,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Passes commands to core, each acknowledged first. */
export function createCommandRunner(context: InteractionContext, acknowledge: Acknowledge): CommandRunner {
  const { discord, dispatch, commands } = context;

  const run: CommandRunner['run'] = async (interaction, command, receivedAtMs, signal) => {
    const { name, given, find, thread = null, isFilledIn = false } = command;
    const isAnswer = commands.some((each) => each.name === name && each.reply === 'answer');
    const isPrivate = !isAnswer || given['private'] === true;
    const kind = { acknowledged: 'thinking', isPrivate } as const;
    const surface = surfaceOf(discord, interaction, kind, receivedAtMs);
    await acknowledge.handleOnce(
      { interaction, answerKey: null, surface, response: thinking(isPrivate) },
      async (event) =>
        dispatch.command({
          ...event,
          command: name,
          options: given,
          isFilledIn,
          ...(find && { brought: await find() }),
          ...(thread && {
            readThread: (sinceMs, reading) => readThread(discord, thread, interaction.id, sinceMs, reading),
          }),
        }),
      signal,
    );
  };

  return {
    run,
    async runOnThreadOf(message, interaction, command, receivedAtMs, signal) {
      const thread = interaction.inCachedGuild() ? await threadOf(interaction, message) : null;
      const given = optionsForOne(command);
      await run(interaction, { name: command.name, given, thread }, receivedAtMs, signal);
    },
  };
}

/** The thread of a message, or the one that began with it. Everybody who sees the message sees that too. */
async function threadOf(
  { channel, guild }: MessageContextMenuCommandInteraction<'cached'> | ButtonInteraction<'cached'>,
  { id, hasThread }: Pick<Message, 'id' | 'hasThread'>,
): Promise<AnyThreadChannel | null> {
  if (channel?.isThread()) return channel;
  const known = guild.channels.cache.get(id);
  // An archived thread is not cached.
  const found = known ?? (hasThread ? await guild.channels.fetch(id).catch(() => null) : null);
  return found?.isThread() ? found : null;
}
