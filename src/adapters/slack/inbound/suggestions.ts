import type { z } from 'zod';
import { placeAt } from '../api/places.ts';
import type { Inbox } from './context.ts';
import type { suggestionBody } from './payloads.ts';
import { readContext } from './slash-commands.ts';

/** Slack's limits for an option. */
const MAX_LABEL = 75;
const MAX_VALUE = 150;

export interface SelectOption {
  text: { type: 'plain_text'; text: string };
  value: string;
}

/** What a form's select offers for what was typed so far. Empty where something is amiss: it has to come in three seconds. */
export async function suggestOptions(
  inbox: Inbox,
  request: z.infer<typeof suggestionBody>,
): Promise<SelectOption[]> {
  const { workspace, directory, dispatch, log } = inbox;
  try {
    const { command, channel } = readContext(request.view.private_metadata);
    const suggestions = await dispatch.suggest({
      command,
      option: request.action_id,
      text: request.value,
      actor: await directory.actor(request.user.id),
      place: placeAt(workspace.team, channel, null),
    });
    return suggestions
      .filter(({ value }) => value.length <= MAX_VALUE)
      .map(({ label, value }) => ({ text: { type: 'plain_text', text: label.slice(0, MAX_LABEL) }, value }));
  } catch (error) {
    log.warn({ err: error }, 'a select could not be filled');
    return [];
  }
}
