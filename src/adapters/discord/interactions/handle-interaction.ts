import type { Interaction } from 'discord.js';
import { DELETE_ANSWER } from '../gateway/declarations.ts';
import { createAcknowledge } from './acknowledge.ts';
import type { InteractionContext } from './context.ts';
import { deleteAnswer } from './delete-answer.ts';
import { createCommandRunner } from './run-command.ts';
import { createPressRunner, DEAD_BUTTON } from './run-press.ts';
import { suggest } from './suggest.ts';
import { createCommandUses } from './use-command.ts';

const DEAD_FORM = 'This form has expired. Run the command again.';

/** Acknowledges interactions before anything else, then passes them to core. */
export function createInteractionHandler(
  context: InteractionContext,
): (interaction: Interaction, signal: AbortSignal) => Promise<void> {
  const acknowledge = createAcknowledge(context);
  const runner = createCommandRunner(context, acknowledge);
  const commands = createCommandUses(context, acknowledge, runner);
  const presses = createPressRunner(context, acknowledge, runner);

  return async (interaction, signal) => {
    const receivedAtMs = context.discord.clock.now();
    if (interaction.isChatInputCommand()) await commands.use(interaction, receivedAtMs, signal);
    else if (interaction.isMessageContextMenuCommand()) {
      if (interaction.commandName === DELETE_ANSWER) {
        await deleteAnswer(context, acknowledge, interaction, receivedAtMs, signal);
      } else await commands.useMenu(interaction, receivedAtMs, signal);
    } else if (interaction.isAutocomplete()) await suggest(context, acknowledge, interaction, signal);
    else if (interaction.isButton()) await presses.press(interaction, receivedAtMs, signal);
    else if (interaction.isModalSubmit()) {
      const isHandled =
        (await commands.submit(interaction, receivedAtMs, signal)) ||
        (await presses.submit(interaction, receivedAtMs, signal));
      if (!isHandled) await acknowledge.refuse(interaction, DEAD_FORM, signal);
    } else if (interaction.isRepliable()) await acknowledge.refuse(interaction, DEAD_BUTTON, signal);
  };
}
