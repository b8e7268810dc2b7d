import type { App, Receiver } from '@slack/bolt';
import { createThrottle } from '../../../core/kit/scheduling/throttle.ts';
import { editOf } from '../../../core/ports/events.ts';
import { messageKey } from '../api/places.ts';
import type { SlackContext } from '../context.ts';
import {
  deletedTsOf,
  editIn,
  eventIn,
  type MessageEvent,
  messageEvent,
  sessionStoppedEvent,
  teamOf,
  wasGrowing,
} from '../payloads/payloads.ts';
import { orderKeyOf, placeOf, questionIn, surfaceOf } from './question.ts';
import { stopIn } from './sessions.ts';

type ReceiverEvent = Parameters<App['processEvent']>[0];

/** A receiver that claims messages and stops before Bolt acknowledges them. Slack redelivers unacknowledged events only. */
export function claimsFirst(inner: Receiver, slack: SlackContext): Receiver {
  const { workspace, dispatch, log, clock } = slack;
  const refused = createThrottle(clock, 1, 60_000);

  /** Whether an event is still to be handled. Those that need no answer, or come from an unknown team, always are. */
  async function isNew(body: unknown, onLate: () => void): Promise<boolean> {
    if (teamOf(body) !== workspace.team) return true;
    const event = eventIn(body, 'message', 'app_mention', 'agent_session_stopped');
    if (event?.['type'] === 'agent_session_stopped') {
      const stop = sessionStoppedEvent.safeParse(event).data;
      return stop === undefined || dispatch.claim(stopIn(slack, stop), onLate);
    }
    const message = messageEvent.safeParse(event).data;
    return message === undefined || claimMessage(slack, message, onLate);
  }

  /** `failed`: the store did not accept it. */
  async function claim(app: App, event: ReceiverEvent): Promise<'new' | 'done' | 'failed'> {
    const late = () =>
      slack.tasks.run('handle an event that was claimed late', () =>
        app.processEvent({ ...event, ack: async () => {} }),
      );
    try {
      return (await isNew(event.body, late)) ? 'new' : 'done';
    } catch (error) {
      if (refused.countCall() === 0) {
        log.error(
          { err: error },
          "the store accepts no events, so they stay unacknowledged and Slack redelivers them; Slack disables an app's events if fewer than 5 % succeed for an hour",
        );
      }
      return 'failed';
    }
  }

  return {
    init(app) {
      const claiming: App = Object.create(app);
      claiming.processEvent = async (event) => {
        const claimed = await claim(app, event);
        if (claimed === 'new') await app.processEvent(event);
        else if (claimed === 'done') await event.ack();
      };
      inner.init(claiming);
    },
    start: (...args) => inner.start(...args),
    stop: (...args) => inner.stop(...args),
  };
}

/**
 * Claims a message before it is acknowledged. False if nothing is left to do: it was delivered before (`message` and
 * `app_mention` come for the same message, with the same id), or is not for the bot. Keeps the order of messages in a place.
 *
 * @throws StoreError if the store does not accept it
 */
async function claimMessage(slack: SlackContext, event: MessageEvent, onLate: () => void): Promise<boolean> {
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
