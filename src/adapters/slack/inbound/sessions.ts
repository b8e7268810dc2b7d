import type { z } from 'zod';
import { createNoteTaker } from '../answers/surfaces.ts';
import { messageKey, placeAt } from '../api/places.ts';
import type { Inbox } from './context.ts';
import type { sessionStoppedEvent } from './payloads.ts';

/** Slack's own stop in the agent view, as the command that does the same. */
export async function receiveStop(inbox: Inbox, event: z.infer<typeof sessionStoppedEvent>): Promise<void> {
  const { workspace, dispatch, directory } = inbox;
  const key = messageKey(workspace.team, event.channel, event.thread_ts);
  await dispatch.command({
    id: `${key}/stop/${event.event_ts}`,
    command: 'stop',
    options: {},
    actor: await directory.actor(event.user),
    place: placeAt(workspace.team, event.channel, key),
    // Slack shows the stop by itself.
    surface: createNoteTaker(workspace.team),
  });
}
