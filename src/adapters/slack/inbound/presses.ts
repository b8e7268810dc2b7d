import type { ButtonKind } from '../../../core/ports/surface.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { deliveryError } from '../api/errors.ts';
import { channelKey, messageKey, placeAt } from '../api/places.ts';
import { asTyped } from '../text/inbound-text.ts';
import { shortText, withoutButtons } from '../text/message-content.ts';
import type { Inbox } from './context.ts';
import type { PressBody } from './payloads.ts';

/** Brings a press on an answer's button to core, which decides what the person may. */
export async function receivePress(inbox: Inbox, kind: ButtonKind, body: PressBody): Promise<void> {
  const { workspace, directory, surfaces, dispatch } = inbox;
  const { team } = workspace;
  const action = body.actions[0];
  if (action === undefined) return;
  const channel = body.channel.id;
  const messageTs = body.container.message_ts;
  const threadTs = body.message.thread_ts ?? body.container.thread_ts ?? null;
  await dispatch.press({
    id: `${messageKey(team, channel, messageTs)}/${kind}/${body.user.id}/${action.action_ts}`,
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
