import { type AutocompleteInteraction, InteractionResponseType } from 'discord.js';
import { clip } from '../../../core/kit/text-size.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { SIZES } from '../rest/sizes.ts';
import { respond } from './acknowledge.ts';
import type { Received } from './context.ts';

/** Completes what a person is typing into an option. */
export async function suggest(received: Received<AutocompleteInteraction>): Promise<void> {
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
