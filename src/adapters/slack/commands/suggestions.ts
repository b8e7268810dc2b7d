import { clip, sizeOf } from '../../../core/kit/text-size.ts';
import { placeAt } from '../api/places.ts';
import { SIZES } from '../api/sizes.ts';
import type { SlackContext } from '../context.ts';
import type { SuggestionBody } from '../payloads/payloads.ts';
import { readContext } from './forms.ts';

export interface SelectOption {
  text: { type: 'plain_text'; text: string };
  value: string;
}

/** The choices of a form's select for the text typed so far. Empty after a fault, because Slack waits only three seconds. */
export async function suggestOptions(slack: SlackContext, request: SuggestionBody): Promise<SelectOption[]> {
  const { workspace, directory, dispatch, log } = slack;
  try {
    const context = readContext(request.view.private_metadata);
    const suggestions = await dispatch.suggest({
      command: 'button' in context ? context : context.command,
      option: request.action_id,
      text: request.value,
      actor: await directory.actor(request.user),
      place: placeAt(workspace.team, context.channel, null),
    });
    return suggestions
      .filter(({ value }) => sizeOf(value, SIZES.optionValue.unit) <= SIZES.optionValue.max)
      .map(({ label, value }) => ({
        text: { type: 'plain_text', text: clip(label, SIZES.optionLabel) },
        value,
      }));
  } catch (error) {
    log.warn({ err: error }, 'could not fill a select');
    return [];
  }
}
