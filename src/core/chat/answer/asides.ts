import { orLog } from '../../kit/or-log.ts';
import { platformOf } from '../../ports/actor.ts';
import type { PlaceGone } from '../../ports/delivery-errors.ts';
import type { Question } from '../question/job.ts';
import type { AnswerParts } from './parts.ts';
import type { Delivered } from './writing.ts';

const LOCKED =
  'The thread was locked before my answer was complete. I will finish it there once somebody unlocks the thread.';
const REFUSED =
  'The platform refused the rest of my answer, so I stopped. Ask again; if it happens again, tell the operator of this bot.';

/**
 * Tells the asker alone what the answer itself does not show: remarks that did not fit under it, and why it is not complete.
 * An answer whose place is locked is kept until that is unlocked; of other obstacles, later askers there learn before it costs
 * anything.
 */
export async function tellAsides(parts: AnswerParts, question: Question, answer: Delivered): Promise<void> {
  if (answer.left.length > 0) {
    const list = answer.left.map((line) => `- ${line}`).join('\n');
    await tryToTell(parts, question, `**More on this answer**\n${list}`, 'the other remarks on an answer');
  }
  if (answer.held !== null) await hold(parts, question, answer.held);
  if (answer.gone !== null) await tellOfObstacle(parts, question, answer.gone);
}

/** @param what completes the sentence "could not tell the asker …" in the log */
async function tryToTell(
  { messenger: { tell, delivery } }: AnswerParts,
  { surface, eventId }: Question,
  text: string,
  what: string,
): Promise<void> {
  const untold = orLog(delivery.log, 'warn', { event: eventId }, `could not tell the asker ${what}`);
  await tell(surface, text).catch(untold);
}

async function hold(
  parts: AnswerParts,
  question: Question,
  { at, state }: NonNullable<Delivered['held']>,
): Promise<void> {
  const { reference } = question.surface;
  if (reference === undefined) return;
  const { held, takeover } = parts.recovery;
  const platform = platformOf(question.place.guild);
  await held.hold(platform, { at, reference, state, tries: 0 });
  await tryToTell(parts, question, LOCKED, 'that the place is locked');
  // The place may have been unlocked before the answer was kept.
  takeover.unlocked(platform, at);
}

async function tellOfObstacle(parts: AnswerParts, question: Question, gone: PlaceGone): Promise<void> {
  const text = gone.reason === 'refused' ? REFUSED : gone.advice;
  if (text === null) return;
  const { place } = question;
  parts.telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: text });
  if (gone.reason !== 'refused') parts.obstacles.note(place, gone.extent, text);
  await tryToTell(parts, question, text, 'that the bot may not post');
}
