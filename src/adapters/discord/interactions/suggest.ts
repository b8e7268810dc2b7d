import { type AutocompleteInteraction, InteractionResponseType } from 'discord.js';
import { clip } from '../../../core/kit/text-size.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { SIZES } from '../rest/sizes.ts';
import type { Acknowledge } from './acknowledge.ts';
import type { InteractionContext } from './context.ts';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-autocomplete */
const MAX_CHOICES = 25;

/** Answers what a person is typing into an option with choices. */
export async function suggest(
  { dispatch, entitlements }: InteractionContext,
  acknowledge: Acknowledge,
  interaction: AutocompleteInteraction,
  signal: AbortSignal,
): Promise<void> {
  const { name, value } = interaction.options.getFocused(true);
  await entitlements?.note(interaction);
  const suggestions = await dispatch.suggest({
    command: interaction.commandName,
    option: name,
    text: value,
    actor: interactionActor(interaction),
    place: interactionPlace(interaction, null),
  });
  const choices = suggestions
    .slice(0, MAX_CHOICES)
    .map(({ label, value: id }) => ({ name: clip(label, SIZES.choice), value: id }));
  const type = InteractionResponseType.ApplicationCommandAutocompleteResult;
  await acknowledge.respond(interaction, { type, data: { choices } }, signal);
}
