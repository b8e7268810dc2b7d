import type { Interaction } from 'discord.js';
import { DELETE_ANSWER } from '../gateway/registration.ts';
import { type AcknowledgeOptions, createAcknowledge } from './acknowledge.ts';
import { createAnswerDeleter } from './delete-answer.ts';
import { type CommandRunnerOptions, createCommandRunner } from './run-command.ts';
import { createPressRunner, DEAD_BUTTON, type PressRunnerOptions } from './run-press.ts';
import { createSurfaceOf } from './surface-of.ts';

type Made = 'acknowledge' | 'surfaceOf' | 'commands';

export type InteractionHandlerOptions = AcknowledgeOptions &
  Parameters<typeof createSurfaceOf>[0] &
  Omit<PressRunnerOptions, Made> &
  Omit<CommandRunnerOptions, 'acknowledge' | 'surfaceOf'>;

const DEAD_FORM = 'This form has expired. Run the command again.';

/** Acknowledges interactions before anything else, then passes them to `dispatch`. */
export function createInteractionHandler(
  options: InteractionHandlerOptions,
): (interaction: Interaction, signal: AbortSignal) => Promise<void> {
  const acknowledge = createAcknowledge(options);
  const tools = { ...options, acknowledge, surfaceOf: createSurfaceOf(options) };
  const commands = createCommandRunner(tools);
  const presses = createPressRunner({ ...tools, commands });
  const deleteAnswer = createAnswerDeleter(tools);

  return async (interaction, signal) => {
    const receivedAtMs = options.clock.now();
    if (interaction.isChatInputCommand()) await commands.use(interaction, receivedAtMs, signal);
    else if (interaction.isMessageContextMenuCommand()) {
      const isDeletion = interaction.commandName === DELETE_ANSWER;
      await (isDeletion ? deleteAnswer : commands.useMenu)(interaction, receivedAtMs, signal);
    } else if (interaction.isAutocomplete()) await commands.suggest(interaction, signal);
    else if (interaction.isButton()) await presses.press(interaction, receivedAtMs, signal);
    else if (interaction.isModalSubmit()) {
      const isBrought =
        (await commands.submit(interaction, receivedAtMs, signal)) ||
        (await presses.submit(interaction, receivedAtMs, signal));
      if (!isBrought) await acknowledge.refuse(interaction, DEAD_FORM, signal);
    } else if (interaction.isRepliable()) await acknowledge.refuse(interaction, DEAD_BUTTON, signal);
  };
}
