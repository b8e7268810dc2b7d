import { platformOf } from '../../ports/actor.ts';
import type { PlaceGone } from '../../ports/delivery-errors.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Question } from '../question/job.ts';
import type { Obstacles } from '../question/obstacles.ts';
import type { HeldAnswers } from '../recovery/held-answers.ts';
import type { Takeover } from '../recovery/takeover.ts';
import type { Messenger } from '../words/messenger.ts';
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
export type TellAsides = (
  question: Question,
  answer: Pick<Delivered, 'left' | 'held' | 'gone'>,
) => Promise<void>;

export interface AsidesOptions {
  readonly held: Pick<HeldAnswers, 'hold'>;
  readonly unlocked: Takeover['unlocked'];
  readonly obstacles: Obstacles;
  readonly telemetry: Pick<Telemetry, 'obstructed'>;
  readonly messenger: Pick<Messenger, 'tell' | 'delivery'>;
}

export function createAsides(options: AsidesOptions): TellAsides {
  const { held, unlocked, obstacles, telemetry } = options;
  const { tell, delivery } = options.messenger;

  /** @param what completes the sentence "could not tell the asker …" in the log */
  async function tryToTell({ surface, eventId }: Question, text: string, what: string): Promise<void> {
    await tell(surface, text).catch((error: unknown) => {
      delivery.log.warn({ err: error, event: eventId }, `could not tell the asker ${what}`);
    });
  }

  async function hold(question: Question, { at, state }: NonNullable<Delivered['held']>): Promise<void> {
    const { reference } = question.surface;
    if (reference === undefined) return;
    const platform = platformOf(question.place.guild);
    await held.hold({ platform, at, reference, state, tries: 0 });
    await tryToTell(question, LOCKED, 'that the place is locked');
    // The place may have been unlocked before the answer was kept.
    unlocked(platform, at);
  }

  async function tellOfObstacle(question: Question, gone: PlaceGone): Promise<void> {
    const text = gone.reason === 'refused' ? REFUSED : gone.advice;
    if (text === null) return;
    const { place } = question;
    telemetry.obstructed({ guild: place.guild, channel: place.channel, advice: text });
    if (gone.reason !== 'refused') obstacles.note(place, gone.extent, text);
    await tryToTell(question, text, 'that the bot may not post');
  }

  return async (question, answer) => {
    if (answer.left.length > 0) {
      const list = answer.left.map((line) => `- ${line}`).join('\n');
      await tryToTell(question, `**More on this answer**\n${list}`, 'the other remarks on an answer');
    }
    if (answer.held !== null) await hold(question, answer.held);
    if (answer.gone !== null) await tellOfObstacle(question, answer.gone);
  };
}
