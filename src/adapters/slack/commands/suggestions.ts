import type { z } from 'zod';
import { clip, sizeOf } from '../../../core/kit/text-size.ts';
import { placeAt } from '../api/places.ts';
import { SIZES } from '../api/sizes.ts';
import type { SlackContext } from '../context.ts';
import type { suggestionBody } from '../payloads/payloads.ts';
import { readContext } from './command-form.ts';
import { readPressContext } from './press-form.ts';

export interface SelectOption {
  text: { type: 'plain_text'; text: string };
  value: string;
}

/** The choices of a form's select for the text typed so far. Empty after a fault, because Slack waits only three seconds. */
export async function suggestOptions(
  slack: SlackContext,
  request: z.infer<typeof suggestionBody>,
): Promise<SelectOption[]> {
  const { workspace, directory, dispatch, log } = slack;
  try {
    const metadata = request.view.private_metadata;
    const press = readPressContext(metadata);
    const { command, channel } =
      press === null ? readContext(metadata) : { command: press, channel: press.channel };
    const suggestions = await dispatch.suggest({
      command,
      option: request.action_id,
      text: request.value,
      actor: await directory.actor(request.user.id),
      place: placeAt(workspace.team, channel, null),
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
