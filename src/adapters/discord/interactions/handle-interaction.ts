import type { Interaction, ModalSubmitInteraction } from 'discord.js';
import { DELETE_ANSWER } from '../gateway/declarations.ts';
import { refuse } from './acknowledge.ts';
import { createAbouts } from './ask-about.ts';
import { runCommand, useCommand, useMenu } from './commands.ts';
import type { InteractionContext, Received } from './context.ts';
import { deleteAnswer } from './delete-answer.ts';
import { buttonOfForm, commandOfForm, readForm } from './form.ts';
import { DEAD_BUTTON, passPress, press } from './press.ts';
import { suggest } from './suggest.ts';

const DEAD_FORM = 'This form has expired. Run the command again.';

/** Acknowledges interactions before anything else, then passes them to core. */
export function createInteractionHandler(
  context: InteractionContext,
): (interaction: Interaction, signal: AbortSignal) => Promise<void> {
  const { clock } = context.discord;
  const abouts = createAbouts(context.discord.rest, context.discord.clock);

  return async (interaction, signal) => {
    const rest = { ...context, receivedAtMs: clock.now(), abouts, signal };
    if (interaction.isChatInputCommand()) return useCommand({ interaction, ...rest });
    if (interaction.isMessageContextMenuCommand()) {
      const handle = interaction.commandName === DELETE_ANSWER ? deleteAnswer : useMenu;
      return handle({ interaction, ...rest });
    }
    if (interaction.isAutocomplete()) return suggest({ interaction, ...rest });
    if (interaction.isButton()) return press({ interaction, ...rest });
    if (interaction.isModalSubmit()) return submit({ interaction, ...rest });
    if (interaction.isRepliable()) await refuse({ interaction, ...rest }, DEAD_BUTTON);
  };
}

/** Handles a filled form: a question about a message, a command's, or a button's. */
async function submit(received: Received<ModalSubmitInteraction>): Promise<void> {
  const { commands, abouts, interaction, signal } = received;
  const { customId } = interaction;
  const given = readForm(interaction.fields);
  if (abouts.isAbout(customId)) {
    const command = commands.find(({ reply }) => reply === 'answer');
    const find = () => abouts.messageOf(customId, signal);
    if (command !== undefined) return runCommand(received, { name: command.name, given, find });
  }
  const command = commandOfForm(customId, commands);
  if (command !== undefined) return runCommand(received, { name: command.name, given, isFilledIn: true });
  const button = buttonOfForm(customId);
  if (button !== null) return passPress(received, button, given);
  await refuse(received, DEAD_FORM);
}
