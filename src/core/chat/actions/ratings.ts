import type { AnswerRecord } from '../../conversations/answer-records.ts';
import { createThrottle } from '../../kit/scheduling/throttle.ts';
import { waitInWords } from '../../kit/time/durations.ts';
import type { FeedbackLog, Verdict } from '../../ledger/feedback.ts';
import type { Actor, GuildId } from '../../ports/actor.ts';
import type { Press } from '../../ports/events.ts';
import type { ActionParts } from './parts.ts';
import type { PressedBy } from './pressed.ts';

/** Ratings per person, so that presses cannot fill the store: … */
const MOST_RATINGS = 30;
/** … within this time. */
const RATINGS_WINDOW_MS = 10 * 60_000;

const THANKS = {
  good: 'Thanks, noted as a good answer. 👎 changes that.',
  bad: 'Thanks, noted as a bad answer. 👍 changes that.',
} as const satisfies Record<Verdict, string>;

/** People's ratings of answers. */
export function createRatings(
  { pressed, messenger: { tell, delivery } }: ActionParts,
  feedback: Pick<FeedbackLog, 'append'>,
) {
  const { look, recordFor, turnOf } = pressed;
  const { clock } = delivery;
  const ratings = createThrottle(clock, MOST_RATINGS, RATINGS_WINDOW_MS);

  /** A sentence on why the rating is not stored; null if it is. */
  async function keepVerdict(
    { id, guild, turn, conversation }: AnswerRecord,
    { user, name }: Actor,
    verdict: Verdict,
    reason: string | null,
  ): Promise<string | null> {
    const waitMs = ratings.countCall(`${guild}/${user}`);
    if (waitMs > 0)
      return `You have rated too many answers in the last few minutes. Try again ${waitInWords(waitMs)}.`;
    const rated = await turnOf({ conversation, turn });
    if (rated === undefined || (rated.answerId !== undefined && rated.answerId !== id)) {
      return 'This answer is no longer stored, so it cannot be rated.';
    }
    const { model, bill } = rated;
    await feedback.append({
      answer: id,
      guild: guild as GuildId,
      user,
      userName: name,
      atMs: clock.now(),
      verdict,
      model,
      ...(bill && { bill }),
      ...(reason !== null && { reason }),
    });
    return null;
  }

  return {
    /** Why a person may not press a button with a form; null if they may. A bad rating is stored even if they close it. */
    async refusalOfPress(press: PressedBy): Promise<string | null> {
      const found = await look(press);
      if (typeof found === 'string') return found;
      return press.button === 'bad' ? keepVerdict(found, press.actor, 'bad', null) : null;
    },
    /** Stores a person's rating of an answer that they can see. */
    async rate(press: Press, verdict: Verdict, reason: string | null): Promise<void> {
      const record = await recordFor(press);
      if (record === null) return;
      const problem = await keepVerdict(record, press.actor, verdict, reason);
      await tell(press.surface, problem ?? THANKS[verdict]);
    },
  };
}
