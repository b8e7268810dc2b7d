import type { ButtonKind } from '../../../core/ports/surface.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { deliveryError } from '../api/errors.ts';
import { channelKey, messageKey, placeAt } from '../api/places.ts';
import { asTyped } from '../text/inbound-text.ts';
import { shortText, withoutButtons } from '../text/message-content.ts';
import type { Inbox } from './context.ts';
import type { PressBody } from './payloads.ts';

/** Names the deed; unique. */
export function pressId({ workspace }: Inbox, kind: ButtonKind, body: PressBody): string {
  const { channel, container, user, actions } = body;
  const message = messageKey(workspace.team, channel.id, container.message_ts);
  return `${message}/${kind}/${user.id}/${actions[0]?.action_ts ?? ''}`;
}

/** The thread of the message that carries the button. */
export function threadOf({ message, container }: PressBody): string | null {
  return message.thread_ts ?? container.thread_ts ?? null;
}

/** Brings a press on an answer's button to core, which decides what the person may. */
export async function receivePress(inbox: Inbox, kind: ButtonKind, body: PressBody): Promise<void> {
  const { workspace, directory, surfaces, dispatch } = inbox;
  const { team } = workspace;
  const action = body.actions[0];
  if (action === undefined) return;
  const channel = body.channel.id;
  const messageTs = body.container.message_ts;
  const threadTs = threadOf(body);
  await dispatch.press({
    id: pressId(inbox, kind, body),
    button: kind,
    answerId: action.value,
    actor: await directory.actor(body.user.id),
    place: placeAt(
      team,
      channel,
      threadTs === null ? channelKey(team, channel) : messageKey(team, channel, threadTs),
    ),
    surface: createSurfaceFor(
      surfaces,
      placeUnder({ channel, user: body.user.id, isDirect: channel.startsWith('D') }, null, threadTs),
      { responseUrl: inbox.responseUrl(body.response_url) },
    ),
    async retire(signal) {
      const blocks = withoutButtons(body.message.blocks ?? []);
      const content = { text: shortText(asTyped(body.message.text ?? '')), blocks };
      try {
        await workspace.call('chat.update', { channel, ts: messageTs, ...content, parse: 'none' }, signal);
      } catch (error) {
        throw deliveryError(error);
      }
    },
    openThread: async () => null,
  });
}
