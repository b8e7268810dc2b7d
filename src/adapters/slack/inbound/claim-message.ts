import { editOf } from '../../../core/ports/events.ts';
import { messageKey } from '../api/places.ts';
import type { SlackContext } from '../context.ts';
import { deletedTsOf, editIn, type MessageEvent, wasGrowing } from '../payloads/payloads.ts';
import { orderKeyOf, placeOf, questionIn, surfaceOf } from './question.ts';

/**
 * Claims a message before it is acknowledged. False if nothing is left to do: it was delivered before (`message` and
 * `app_mention` come for the same message, with the same id), or is not for the bot. Keeps the order of messages in a place.
 *
 * @throws StoreError if the store does not accept it
 */
export async function claimMessage(
  slack: SlackContext,
  event: MessageEvent,
  onLate: () => void,
): Promise<boolean> {
  const { dispatch } = slack;
  const edit = editIn(event);
  const question = await questionIn(slack, edit ?? event);
  if (question === null) {
    await retractDeleted(slack, event);
    return false;
  }
  const { id, isDirect, isAddressed, isTheBots, rootTs } = question;
  // In a channel Slack also sends an `app_mention`, which has no files.
  if (edit === null && isAddressed && !isDirect && event.type === 'message') slack.twins.set(id, event);
  const threadTs = rootTs ?? (isDirect && slack.agentView.isOn ? question.event.ts : null);
  const place = placeOf(slack, question, threadTs);
  const surface = surfaceOf(slack, question, threadTs);
  // The bot may not know its own message above this one yet, so whether it listens there is checked later.
  const addressed = isAddressed || isTheBots;
  if (edit !== null) {
    if (!(await dispatch.wasAsked(id))) return false;
    return dispatch.claim({ id: editOf(id, edit.edited.ts), place, surface, addressed }, onLate);
  }
  const arrival = { id, place, surface, addressed };
  // Ordered after other claims only, because the lookups of an earlier message may take longer than Slack waits.
  return slack.inOrder(`claim/${orderKeyOf(slack, question)}`, () => dispatch.claim(arrival, onLate));
}

/** Handles a deletion; resolves once it is in the store. */
async function retractDeleted(
  { workspace: { team }, dispatch }: SlackContext,
  event: MessageEvent,
): Promise<void> {
  const deletedTs = deletedTsOf(event);
  if (deletedTs === null) return;
  const key = wasGrowing(event) ? undefined : messageKey(team, event.channel, deletedTs);
  await dispatch.retract(messageKey(team, event.channel, deletedTs), key);
}
