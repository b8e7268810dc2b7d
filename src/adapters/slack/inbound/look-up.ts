import type { Place, PostedMessage } from '../../../core/ports/events.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import type { SlackContext } from '../context.ts';
import { attachedTo, messageContent } from '../payloads/message-parts.ts';
import { readMessage, threadReader } from '../payloads/read-messages.ts';
import { readText } from '../text/inbound-text.ts';
import { orderKeyOf, placeOf, type Question, surfaceOf } from './question.ts';

/** A question with everything that only Slack knows of it. */
export interface Arrived {
  readonly question: Question;
  readonly message: PostedMessage;
  /** Its text, as people see it. */
  readonly said: string;
  readonly brought: readonly BroughtPart[];
}

/**
 * How long a mention waits for the `message` event of the same message, which has the files. If the bot is in the channel,
 * both come at the same time.
 */
const TWIN_MS = 300;
/** Slack's response to the bot's post should be here this long after somebody's reply to that post. */
const POST_ANSWER_MS = 1_000;

/**
 * Looks up who asked a question, where, and with what; null if it is not for the bot. Keeps the order of questions in a
 * place.
 *
 * @param isNew whether it has just been written, so that the bot's own message above it may not be known yet
 */
export function lookUp(slack: SlackContext, question: Question, isNew: boolean): Promise<Arrived | null> {
  const { workspace, directory, signal } = slack;
  const { event, id, user, isDirect, address, isAddressed, rootTs } = question;
  const { channel, ts, text } = event;
  return slack.inOrder(orderKeyOf(slack, question), async () => {
    const takesThread = isDirect && rootTs === null && (await slack.agentView.probe(channel, ts, signal));
    const threadTs = rootTs ?? (takesThread ? ts : null);
    const at = placeOf(slack, question, threadTs);
    // Most messages in threads are not for the bot, so nobody is looked up for those.
    if (!isAddressed && !(await isHeard(slack, question, at, isNew))) return null;
    const [actor, place] = await Promise.all([directory.actor(user), directory.named(at, channel)]);
    const [said, brought] = await Promise.all([
      readText(text, workspace.botUser, directory),
      broughtBy(slack, question),
    ]);
    const parts = [{ type: 'text', text: said } as const, ...brought];
    const surface = surfaceOf(slack, question, threadTs);
    const thread = isDirect ? {} : threadReader(slack, channel, event.thread_ts, ts);
    const message = { id, actor, place, parts, address, surface, ...thread };
    return { question, message, said, brought };
  });
}

async function isHeard(
  { dispatch, clock, signal }: SlackContext,
  { isTheBots }: Question,
  place: Place,
  isNew: boolean,
): Promise<boolean> {
  if (await dispatch.hears(place)) return true;
  if (!isTheBots || !isNew) return false;
  // Slack's response to the bot's own post may not be here yet.
  await clock.sleep(POST_ANSWER_MS, signal);
  return dispatch.hears(place);
}

/** The attachments. A mention alone does not list them; the message itself does. */
async function broughtBy(slack: SlackContext, { event, id }: Question): Promise<BroughtPart[]> {
  const { workspace, twins, clock, log, signal } = slack;
  const { channel, ts, thread_ts: threadTs = null } = event;
  const isMention = event.type === 'app_mention';
  if (isMention && twins.get(id) === undefined) await clock.sleep(TWIN_MS, signal);
  const twin = twins.get(id);
  if (!isMention || twin !== undefined) {
    return attachedTo(messageContent.parse(twin ?? event), slack);
  }
  const whole = await readMessage(workspace, { channel, ts, threadTs }, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    log.warn({ err: error }, 'could not look up the files of a mention');
    return null;
  });
  return attachedTo(whole ?? messageContent.parse(event), slack);
}
