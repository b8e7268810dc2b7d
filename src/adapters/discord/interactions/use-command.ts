import {
  type ChatInputCommandInteraction,
  type CommandInteractionOption,
  InteractionResponseType,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { attachmentPart } from '../messages/message-parts.ts';
import type { Acknowledge } from './acknowledge.ts';
import { createAbouts } from './ask-about.ts';
import type { InteractionContext } from './context.ts';
import { commandOfForm, formOf, readForm } from './form.ts';
import type { CommandRunner } from './run-command.ts';

/** People's ways to a command: typed, from a message's menu, or from a form. */
export interface CommandUses {
  use(interaction: ChatInputCommandInteraction, receivedAtMs: number, signal: AbortSignal): Promise<void>;
  /** Handles an entry of a message's menu: a command about its thread, or a question about it. */
  useMenu(
    interaction: MessageContextMenuCommandInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** Handles a filled form; false if it is none of a command's. */
  submit(interaction: ModalSubmitInteraction, receivedAtMs: number, signal: AbortSignal): Promise<boolean>;
}

export function createCommandUses(
  { discord, dispatch, commands }: InteractionContext,
  acknowledge: Acknowledge,
  runner: CommandRunner,
): CommandUses {
  const abouts = createAbouts(discord.rest, discord.clock);

  /** A form has to be the first response: whether the person may use it is known before, or they would fill it in vain. */
  async function openForm(
    interaction: ChatInputCommandInteraction,
    command: CommandDeclaration,
    signal: AbortSignal,
  ): Promise<void> {
    const admission = await dispatch.mayRun({
      command: command.name,
      actor: interactionActor(interaction),
      place: interactionPlace(interaction, null),
    });
    if (!admission.ok) return acknowledge.refuse(interaction, admission.notice.text, signal);
    const response = { type: InteractionResponseType.Modal, data: formOf(command) };
    await acknowledge.respond(interaction, response, signal);
  }

  return {
    async use(interaction, receivedAtMs, signal) {
      const { commandName: name, channel } = interaction;
      const command = commands.find((each) => each.name === name);
      if (command !== undefined && isAskedInForm(command)) return openForm(interaction, command, signal);
      const given = Object.fromEntries(
        interaction.options.data.map((option) => [option.name, givenValue(option)]),
      );
      const thread = interaction.inCachedGuild() && channel?.isThread() ? channel : null;
      await runner.run(interaction, { name, given, thread }, receivedAtMs, signal);
    },

    async useMenu(interaction, receivedAtMs, signal) {
      const { commandName, targetMessage } = interaction;
      const command = commands.find(({ menu }) => menu === commandName);
      if (command !== undefined) {
        return runner.runOnThreadOf(targetMessage, interaction, command, receivedAtMs, signal);
      }
      const data = abouts.formFor(targetMessage);
      await acknowledge.respond(interaction, { type: InteractionResponseType.Modal, data }, signal);
    },

    async submit(interaction, receivedAtMs, signal) {
      const about = abouts.read(interaction.customId);
      const command =
        about === null
          ? commandOfForm(interaction.customId, commands)
          : commands.find(({ reply }) => reply === 'answer');
      if (command === undefined) return false;
      const given = readForm(interaction.fields);
      const way =
        about === null
          ? { isFilledIn: true }
          : { find: async () => [await about.message(signal)].filter((part) => part !== null) };
      await runner.run(interaction, { name: command.name, given, ...way }, receivedAtMs, signal);
      return true;
    },
  };
}

/** A file in core's form. It belongs to no message, so its address cannot be renewed. */
function givenValue({ value, attachment }: CommandInteractionOption): unknown {
  if (!attachment) return value;
  const { id, name, contentType, size, url } = attachment;
  return attachmentPart({ id, filename: name, content_type: contentType, size, url }, null);
}
