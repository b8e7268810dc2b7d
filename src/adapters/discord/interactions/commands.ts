import {
  type AnyThreadChannel,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type CommandInteractionOption,
  InteractionResponseType,
  type Message,
  type MessageContextMenuCommandInteraction,
} from 'discord.js';
import { type CommandDeclaration, isAskedInForm, optionsForOne } from '../../../core/ports/command.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { attachmentPart } from '../messages/message-parts.ts';
import { readThread } from '../messages/read-thread.ts';
import { handleOnce, refuse, respond } from './acknowledge.ts';
import type { Received } from './context.ts';
import { formOf } from './form.ts';

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

export async function runCommand(received: Received, command: GivenCommand): Promise<void> {
  const { discord, dispatch, commands, interaction } = received;
  const { name, given, find, thread = null, isFilledIn = false } = command;
  const isAnswer = commands.some((each) => each.name === name && each.reply === 'answer');
  const isPrivate = !isAnswer || given['private'] === true;
  return handleOnce(received, { acknowledged: 'thinking', isPrivate, answerKey: null }, async (event) =>
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
  );
}

/** Runs a typed command, or opens its form. */
export async function useCommand(received: Received<ChatInputCommandInteraction>): Promise<void> {
  const { commands, interaction } = received;
  const { commandName: name, channel } = interaction;
  const command = commands.find((each) => each.name === name);
  if (command !== undefined && isAskedInForm(command)) return openForm(received, command);
  const given = Object.fromEntries(
    interaction.options.data.map((option) => [option.name, givenValue(option)]),
  );
  const thread = interaction.inCachedGuild() && channel?.isThread() ? channel : null;
  return runCommand(received, { name, given, thread });
}

/** A form has to be the first response: whether the person may use it is known before, or they would fill it in vain. */
async function openForm(received: Received, command: CommandDeclaration): Promise<void> {
  const { dispatch, interaction } = received;
  const refusal = await dispatch.refusalOfCommand({
    command: command.name,
    actor: interactionActor(interaction),
    place: interactionPlace(interaction, null),
  });
  if (refusal !== null) return refuse(received, refusal);
  await respond(received, InteractionResponseType.Modal, formOf(command));
}

/** A file in core's form. It belongs to no message, so its address cannot be renewed. */
function givenValue({ value, attachment }: CommandInteractionOption): unknown {
  if (!attachment) return value;
  const { id, name, contentType, size, url } = attachment;
  return attachmentPart({ id, filename: name, content_type: contentType, size, url }, null);
}

/** Handles an entry of a message's menu: a command about its thread, or a question about it. */
export async function useMenu(received: Received<MessageContextMenuCommandInteraction>): Promise<void> {
  const { commands, abouts, interaction } = received;
  const command = commands.find(({ menu }) => menu === interaction.commandName);
  if (command !== undefined) return runOnThread(received, interaction.targetMessage, command);
  const form = abouts.formFor(interaction.targetMessage);
  await respond(received, InteractionResponseType.Modal, form);
}

/** Runs a command on the thread of a message, for the person alone. */
export async function runOnThread(
  received: Received<MessageContextMenuCommandInteraction | ButtonInteraction>,
  message: Message,
  command: CommandDeclaration,
): Promise<void> {
  const { interaction } = received;
  const thread = interaction.inCachedGuild() ? await threadOf(interaction, message) : null;
  return runCommand(received, { name: command.name, given: optionsForOne(command), thread });
}

/** The thread of a message, or the one that began with it. Everybody who sees the message sees that too. */
async function threadOf(
  { channel, guild }: MessageContextMenuCommandInteraction<'cached'> | ButtonInteraction<'cached'>,
  { id, hasThread }: Message,
): Promise<AnyThreadChannel | null> {
  if (channel?.isThread()) return channel;
  const known = guild.channels.cache.get(id);
  // An archived thread is not cached.
  const found = known ?? (hasThread ? await guild.channels.fetch(id).catch(() => null) : null);
  return found?.isThread() ? found : null;
}
