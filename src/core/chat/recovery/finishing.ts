import { momentAfter, shownBy } from '../../conversations/shown-answer.ts';
import type { Orphan } from '../../coordination/journal.ts';
import type { AnswerState, Entry, Written } from '../../coordination/journal-entry.ts';
import { type Delivery, Reply, type Resumed } from '../../delivery/reply.ts';
import { orLog } from '../../kit/or-log.ts';
import { splitText } from '../../markdown/cut/splitter.ts';
import type { Adapter, Reopened } from '../../ports/adapter.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import { MAX_NOTE_CHARS, type Surface } from '../../ports/surface.ts';
import { INTERRUPTED } from '../words/ending-words.ts';
import { type HeldAnswers, triesIn } from './held-answers.ts';
import { attachMessages, keepLeftTurn, type LeftRecords } from './left-records.ts';

/**
 * Finishes the answer to an event of a dead process, or of a place that was locked. Resolves to false if another process, or a
 * later try, has to do it.
 *
 * @throws PlaceGone if nothing can be shown there any more
 */
export type FinishAnswer = (
  event: Pick<Orphan, 'eventId' | 'entry'> & { readonly written: Written },
  adapter: Required<Pick<Adapter, 'reopen'>>,
  signal: AbortSignal,
) => Promise<boolean>;

const NOT_BEGUN = 'The bot was restarted before it could answer. Please try again.';

/** `adapter` finds the place; faults other than `PlaceGone` count as temporary. */
export function createFinisher(
  records: LeftRecords,
  held: Pick<HeldAnswers, 'hold' | 'takeHeld'>,
  delivery: Delivery,
): FinishAnswer {
  const { log } = delivery;

  return async ({ written, entry, eventId: event }, adapter, signal) => {
    const { platform, place: reference, answer } = written;
    const tries = triesIn(event);
    if (answer !== null) {
      entry.watch(() => answer);
      // The record loses it only now: this entry's journal has it.
      if (tries !== null && !(await held.takeHeld(platform, answer.id, tries))) return true;
      await keepLeftTurn(records, answer);
    }
    const place = await adapter.reopen({ reference, answerId: answer?.id ?? null }, signal);
    if (place === null) {
      log.warn({ event }, "a dead process's answer has no place any more");
      return true;
    }
    const { surface } = place;
    if (answer === null) {
      await surface.tellPrivately({ text: NOT_BEGUN }, signal);
      return true;
    }
    const left = leftAt(answer, place);
    if (place.message?.isEnded || stands(left)) {
      // If the store fails, a later look repeats it.
      await attachMessages(records, answer, left.messages, place.message?.live.threadKey);
      return true;
    }
    const { reply, isShown, status } = await showAgain(records, delivery, left, entry, signal);
    const lockedAt = reply.lockedAt();
    if (lockedAt !== null) {
      await held.hold(platform, {
        at: lockedAt,
        reference: surface.reference ?? reference,
        // Without an ending it is not known to be whole: whoever goes on takes nothing back of what is shown.
        state: { ...answer, ...reply.progress(), messages: left.messages },
        tries: (tries ?? 0) + 1,
      });
      return true;
    }
    log.info({ event, answer: answer.id, status, isShown }, 'finished an answer of a dead process');
    return isShown || !signal.aborted;
  };
}

/** Goes on showing an answer at the point that it had reached, with its stored ending, and stores where it stands now. */
async function showAgain(
  records: LeftRecords,
  delivery: Delivery,
  { answer, surface, resumed, messages }: Left,
  entry: Entry,
  signal: AbortSignal,
) {
  const live = resumed.message?.live;
  // The found message is recorded before its button is removed.
  entry.resumeAt(surface);
  entry.watch(() => ({ ...answer, sealed: resumed.sealed, message: live?.key ?? null, messages }));
  await entry.keep();
  const about = { answer: answer.id };
  const unattached = orLog(delivery.log, 'error', about, 'could not connect messages to their conversation');
  let attaching = attachMessages(records, answer, messages, live?.threadKey).catch(unattached);
  const storing: Promise<unknown>[] = [];
  const reply = new Reply({
    ...delivery,
    surface,
    answerId: answer.id,
    onOpen({ key, threadKey }) {
      messages.push(key);
      entry.watch(() => ({ ...answer, ...reply.progress(), messages }));
      const kept = entry.keep();
      storing.push(kept);
      // One after the other, because each adds to the record.
      attaching = attaching.then(() => attachMessages(records, answer, [key], threadKey)).catch(unattached);
      return kept;
    },
    signal,
    resumed,
  });
  reply.write(answer.text);
  const ending = answer.ending ?? { status: 'interrupted', note: INTERRUPTED, footer: null };
  const note = [ending.note, lostNote(answer.images)].filter(Boolean).join(' ').slice(0, MAX_NOTE_CHARS);
  const moment = momentAfter(ending, surface);
  const buttons = buttonsAt(answer.id, moment);
  const isShown = await reply.finish({ ...ending, note: note || null, buttons });
  // An edit of the question finds the answer by this.
  const unnoted = orLog(delivery.log, 'error', about, 'could not store the place of an answer');
  const shown = shownBy(reply, surface, moment);
  storing.push(records.answers.amend(answer.id, { shown }).catch(unnoted));
  await Promise.all([...storing, attaching]);
  return { reply, isShown, status: ending.status };
}

/** An answer that was left, and the place where it goes on. */
interface Left {
  readonly answer: AnswerState;
  readonly surface: Surface;
  readonly resumed: Resumed;
  /** Keys of its messages, oldest first; further ones are added. */
  readonly messages: string[];
}

function leftAt(answer: AnswerState, place: Reopened): Left {
  const { surface, sealedKeys = [], message } = place;
  const keys = [...(answer.messages ?? []), ...sealedKeys, ...(message ? [message.live.key] : [])];
  return { answer, surface, resumed: resumedAt(answer, place), messages: [...new Set(keys)] };
}

/**
 * The point from which to continue. The journal may be older than the messages: their marks may tell of more, and if its
 * growing message has no button any more, or is not the newest, that message was completed since. A message that cannot be
 * read is repeated in a new one, because its progress is unknown.
 */
function resumedAt(
  { sealed, message, ending }: AnswerState,
  { message: found, isUnread, sealed: marked = 0 }: Reopened,
): Resumed {
  const isCompleted = message !== null && message !== found?.live.key && !isUnread;
  const known = isCompleted ? sealed + 1 : sealed;
  return { sealed: Math.max(known, marked), message: found, isWhole: ending !== null };
}

/** Only the dead process had the images. */
function lostNote(images: number): string | null {
  if (images === 0) return null;
  return images === 1
    ? 'The image of this answer was lost.'
    : `The ${images} images of this answer were lost.`;
}

/** Whether all messages are complete: the last one was posted, and has lost its buttons to a retry, or was deleted. */
function stands({
  answer: { text },
  resumed: { sealed, message, isWhole },
  surface: { limits },
}: Left): boolean {
  return isWhole && message === null && sealed > 0 && splitText(text, limits).length <= sealed;
}
