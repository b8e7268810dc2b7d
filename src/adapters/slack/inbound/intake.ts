import type { App, Receiver } from '@slack/bolt';
import { createThrottle } from '../../../core/kit/throttle.ts';
import type { SlackContext } from '../context.ts';
import { eventIn, messageEvent, sessionStoppedEvent, teamOf } from '../payloads/payloads.ts';
import { claimMessage } from './claim-message.ts';
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
