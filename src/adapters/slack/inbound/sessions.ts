import type { Arrival } from '../../../core/ports/events.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { messageKey, placeAt } from '../api/places.ts';
import { surfaceFor } from '../commands/run-command.ts';
import type { SlackContext } from '../context.ts';
import type { SessionStopped } from '../payloads/payloads.ts';

/** Slack's stop in the agent view, from its event alone. */
export function stopIn(
  slack: SlackContext,
  { channel, user, thread_ts: threadTs, event_ts }: SessionStopped,
): Arrival & { readonly surface: Surface } {
  const { team } = slack.workspace;
  const key = messageKey(team, channel, threadTs);
  return {
    id: `${key}/stop/${event_ts}`,
    place: placeAt(team, channel, key),
    surface: surfaceFor(slack, { channel, user, threadTs, responseUrl: null }, true),
    addressed: true,
  };
}

/** Passes a claimed stop to core. */
export async function receiveStop(slack: SlackContext, event: SessionStopped): Promise<void> {
  const { dispatch, directory } = slack;
  const { id, place, surface } = stopIn(slack, event);
  try {
    await dispatch.stop({ id, place, surface, actor: await directory.actor(event.user) });
  } finally {
    await dispatch.dropClaim(id);
  }
}
