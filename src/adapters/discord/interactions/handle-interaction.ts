import {
  type AutocompleteInteraction,
  type Interaction,
  InteractionResponseType,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
  RESTJSONErrorCodes,
  Routes,
} from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { clip } from '../../../core/kit/text/text-size.ts';
import { DELETE_ANSWER } from '../gateway/declarations.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { isRefusal } from '../rest/errors.ts';
import { SIZES } from '../rest/sizes.ts';
import { handleOnce, refuse, respond } from './acknowledge.ts';
import { createAbouts } from './ask-about.ts';
import { runCommand, useCommand, useMenu } from './commands.ts';
import type { InteractionContext, Received } from './context.ts';
import { buttonOfForm, commandOfForm, readForm } from './form.ts';
import { DEAD_BUTTON, passPress, press } from './press.ts';

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

/** Completes what a person is typing into an option. */
async function suggest(received: Received<AutocompleteInteraction>): Promise<void> {
  const { dispatch, entitlements, interaction } = received;
  const { name, value } = interaction.options.getFocused(true);
  await entitlements?.note(interaction);
  const suggestions = await dispatch.suggest({
    command: interaction.commandName,
    option: name,
    text: value,
    actor: interactionActor(interaction),
    place: interactionPlace(interaction, null),
  });
  const choices = suggestions.map(({ label, value: id }) => ({ name: clip(label, SIZES.choice), value: id }));
  await respond(received, InteractionResponseType.ApplicationCommandAutocompleteResult, { choices });
}

/** Deletes the answer that a person selected, if core allows it. */
async function deleteAnswer(received: Received<MessageContextMenuCommandInteraction>): Promise<void> {
  const { discord, dispatch, interaction, signal } = received;
  const { targetMessage: target, channelId, applicationId } = interaction;
  const isGone = (error: unknown) => isRefusal(error, RESTJSONErrorCodes.UnknownMessage);

  async function remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = Routes.channelMessage(channelId, key);
      await discord.rest.insist({ method: 'DELETE', path }, signal).catch(ignoring(isGone));
    }
  }

  const isOwn = target.author.id === applicationId || target.applicationId === applicationId;
  await handleOnce(received, { acknowledged: 'thinking', isPrivate: true, answerKey: target.id }, (event) =>
    dispatch.deleteAnswer({ ...event, message: target.id, isOwn, remove }),
  );
}
