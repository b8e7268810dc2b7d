import type { Joining } from '../../../core/ports/events.ts';
import { guildOf } from '../api/places.ts';
import type { SlackContext } from '../context.ts';
import type { MemberJoined } from '../payloads/payloads.ts';
import { sayIn } from '../posting/tell-privately.ts';

/** Handles somebody joining a channel: if it is the bot, it introduces itself. */
export async function receiveJoin(
  { workspace, dispatch, clock }: SlackContext,
  { user, channel, event_ts: ts }: MemberJoined,
): Promise<void> {
  if (user !== workspace.botUser) return;
  const guild = guildOf(workspace.team);
  // In a channel this message reaches everybody.
  const introduce: Joining['introduce'] = (notice, signal) =>
    sayIn(workspace, { channel, user }, notice, signal);
  const atMs = ts === undefined ? clock.now() : Number(ts) * 1_000;
  await dispatch.joined({ guild, id: `${guild}/${channel}`, atMs, where: 'into this channel', introduce });
}
