import { placeUnder } from './answer-place.ts';
import { addresseeOf, mentionedIn, readText } from './inbound-text.ts';
import type { Inbox } from './inbox.ts';
import type { MessageEvent } from './payloads.ts';
import { channelKey, messageKey, openThreadKey, placeAt, questionId } from './places.ts';
import { createSurfaceFor } from './surfaces.ts';

/** Messages that people write; what the bot, other bots and Slack itself write never starts an answer. */
const PERSONAL_SUBTYPES = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

/** Brings `message` and `app_mention` events to core. Both come for one message; they carry one id. */
export async function receiveMessage(inbox: Inbox, event: MessageEvent): Promise<void> {
  const { workspace, dispatch, directory, surfaces, signal } = inbox;
  const { team, botUser } = workspace;
  const { channel, ts, user, text } = event;
  if (event.subtype === 'message_deleted') {
    if (event.deleted_ts !== undefined) dispatch.retract(questionId(team, channel, event.deleted_ts));
    return;
  }
  if (!PERSONAL_SUBTYPES.has(event.subtype) || user === undefined || event.bot_id || user === botUser) return;

  const isDirect = event.channel_type === 'im';
  const isAddressed = isDirect || mentionedIn(text).includes(botUser);
  if (!isAddressed && (event.thread_ts === undefined || addresseeOf(text) !== null)) return;

  const threadTs =
    event.thread_ts ?? (isDirect && !(await surfaces.agentView.probe(channel, ts, signal)) ? null : ts);
  const actor = await directory.actor(user);
  await dispatch.message({
    id: questionId(team, channel, ts),
    actor,
    place: placeAt(team, channel, keyOf()),
    text: await readText(text, botUser, directory),
    addressed: isAddressed,
    surface: createSurfaceFor(surfaces, {
      ...placeUnder({ channel, user, isDirect }, ts, threadTs),
      // A mention that begins a thread ties the whole thread to the conversation.
      ties: isDirect || event.thread_ts !== undefined ? null : 'open thread',
    }),
  });

  function keyOf(): string {
    if (threadTs === null) return channelKey(team, channel);
    const isTheBots = event.parent_user_id === botUser;
    return isAddressed || isTheBots
      ? messageKey(team, channel, threadTs)
      : openThreadKey(team, channel, threadTs);
  }
}
