import type { Joining } from '../../../core/ports/events.ts';
import { guildOf } from '../api/places.ts';
import type { SlackContext } from '../payloads/context.ts';
import { sayIn } from '../posting/tell-privately.ts';

/** Somebody came to a channel: if it is the bot, it introduces itself there. */
export async function receiveJoin(
  { workspace, dispatch, clock }: SlackContext,
  {
    user,
    channel,
    event_ts: ts,
  }: { readonly user: string; readonly channel: string; readonly event_ts?: string | undefined },
): Promise<void> {
  if (user !== workspace.botUser) return;
  const guild = guildOf(workspace.team);
  // What is said to a channel as if it were the bot's own is said to everybody in it.
  const introduce: Joining['introduce'] = (notice, signal) =>
    sayIn(workspace, { channel, user }, notice, signal);
  const atMs = ts === undefined ? clock.now() : Number(ts) * 1_000;
  await dispatch.joined({ guild, id: `${guild}/${channel}`, atMs, where: 'into this channel', introduce });
}
