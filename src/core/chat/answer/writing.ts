import type { ShownAnswer } from '../../conversations/answer-records.ts';
import { LISTENING_NOTE } from '../../conversations/listening.ts';
import { momentAfter, shownBy } from '../../conversations/shown-answer.ts';
import type { AnswerEnd, AnswerState } from '../../coordination/journal-entry.ts';
import { type StopCause, Stopped } from '../../coordination/live-answers.ts';
import { Reply } from '../../delivery/reply.ts';
import { orLog } from '../../kit/or-log.ts';
import type { Clock } from '../../kit/time/clock.ts';
import type { Bill } from '../../ledger/admitted-request.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import { PlaceGone } from '../../ports/delivery-errors.ts';
import type { LiveMessage } from '../../ports/surface.ts';
import type { Asked } from '../question/ask-model.ts';
import { isHeard } from '../question/job.ts';
import { type FooterFacts, footerOf } from '../words/answer-text.ts';
import { isInterruption } from '../words/ending-words.ts';
import type { Messenger } from '../words/messenger.ts';
import { noteOf } from '../words/note.ts';
import { type Draft, emptyDraft, streamInto } from './draft.ts';
import type { AnswerPlaces } from './places.ts';

/** An answer that has ended, and is still to be shown to its end. */
export interface Written {
  readonly draft: Draft;
  readonly status: AnswerEnd['status'];
  /** Null if it could not be settled. */
  readonly bill: Bill | null;
  /** A failure's error, for the log; else null. */
  readonly error: unknown;
}

/** An answer that was written, and all that is known of its place. */
export interface Delivered extends Written {
  /** Whether its last state is shown. */
  readonly delivered: boolean;
  /** From the end of the text until then. */
  readonly endLagMs: number;
  /** The reason why nothing more can be shown; null if it can. */
  readonly gone: PlaceGone | null;
  /** Remarks that did not fit into the note. */
  readonly left: readonly string[];
  /** The place and form in which it is shown. */
  readonly shown: ShownAnswer;
  /** For a place that was locked before the answer was shown: its key, and the state to show later; else null. */
  readonly held: { readonly at: string; readonly state: AnswerState } | null;
}

/** Discord's and Slack's tokens and streams end on the second, and the last update takes time. */
const CLOSING_MARGIN_MS = 15_000;

/**
 * Streams a request into a reply until its last state is shown, and settles the request. Never rejects.
 *
 * @param adopted an existing message whose content the answer replaces; null if there is none
 * @param keep stores the answer before its last state is shown. The asker is told about a fault
 */
export async function writeAnswer(
  messenger: Messenger,
  asked: Asked,
  places: Pick<AnswerPlaces, 'messages' | 'noteMessage' | 'noteThread'>,
  adopted: LiveMessage | null,
  keep: (answer: Written) => Promise<void>,
): Promise<Delivered> {
  const { delivery, nameOperator } = messenger;
  const { clock, log } = delivery;
  const { attempt, prepared, answerer } = asked;
  const { job, id, entry, signal, stop } = attempt;
  const { surface } = job.question;
  const startedAtMs = clock.now();
  const draft = emptyDraft();
  let ending: AnswerEnd | null = null;
  const { reply, noted } = beginReply(messenger, asked, places, adopted);
  const state = (): AnswerState => ({
    ...attempt.unbegun,
    model: answerer.current.request.access.model.id,
    text: draft.text,
    images: draft.images.length,
    ending,
    ...reply.progress(),
    messages: places.messages,
  });
  entry.watch(state);

  const stopWatching =
    surface.closesAtMs === undefined ? null : watchClosing(surface.closesAtMs, clock, stop);
  // The turn still has an older answer, perhaps to another question. If this process dies once the new one is shown, the next one
  // has to know of it.
  const beforeFirst = job.previous && { beforeFirst: () => entry.keep() };
  const { error, ...end } = await streamInto(
    draft,
    answerer,
    { reply, surface, clock, ...beforeFirst },
    signal,
  );
  stopWatching?.();
  const about = { answer: id };
  const unsettled = orLog(log, 'error', about, 'could not settle a request; it stays reserved', null);
  const bill = await answerer.bill().catch(unsettled);

  const announcesListening = isHeard(surface) && prepared.isUntold;
  const remarks = remarksOn(asked, draft);
  const words = [end.note && nameOperator(end.note), announcesListening ? LISTENING_NOTE : null];
  const footer = bill && footerOf(footerFacts(asked, draft), bill);
  ending = { ...end, note: noteOf(remarks, words).note, footer };
  // From here on the answer is final. A process that has lost the event finds out before it writes.
  await noted();
  await Promise.all([bill && answerer.settle().catch(unsettled), entry.keep()]);

  const written = { draft, status: end.status, bill, error };
  const lost = 'This answer could not be saved, so it is not part of the conversation.';
  const unstored = orLog(log, 'error', about, 'could not store an answer', lost);
  const unkept = await keep(written).then(() => null, unstored);
  const { note, left } = noteOf(remarks, [...words, unkept]);
  const moment = {
    ...momentAfter(ending, surface),
    announcesListening,
    hasReasoning: draft.reasoning !== '',
    isInLongThread: asked.isInLongThread,
  };
  const buttons = buttonsAt(id, moment);
  const delivered = await reply.finish({ ...ending, note, buttons, files: draft.images });
  const lockedAt = reply.lockedAt();
  const gone = reply.gone();
  return {
    ...written,
    delivered,
    endLagMs: clock.now() - startedAtMs - draft.durationMs,
    gone: gone instanceof PlaceGone ? gone : null,
    left,
    shown: shownBy(reply, surface, moment),
    held: lockedAt === null ? null : { at: lockedAt, state: state() },
  };
}

/** A reply that stops its answer once nothing can be shown; `noted` resolves once the journal knows its messages. */
function beginReply(
  { delivery, abandoned }: Messenger,
  { attempt, prepared }: Asked,
  places: Pick<AnswerPlaces, 'noteMessage' | 'noteThread'>,
  adopted: LiveMessage | null,
): { readonly reply: Reply; readonly noted: () => Promise<void> } {
  const { job, id, entry, signal, stop } = attempt;
  let keeping = Promise.resolve();
  const reply = new Reply({
    ...delivery,
    surface: job.question.surface,
    answerId: id,
    isWhole: prepared.here.whole,
    onOpen({ key, threadKey }) {
      places.noteMessage(key);
      if (threadKey) places.noteThread(threadKey);
      keeping = entry.keep();
      return keeping;
    },
    onGone: () => stop({ kind: 'place_gone' }),
    signal: AbortSignal.any([abandoned, entry.lost]),
    ...(adopted !== null && { adopted }),
  });
  signal.addEventListener('abort', () => {
    if (!isInterrupted(signal)) reply.unwanted();
  });
  entry.lost.addEventListener('abort', () => stop({ kind: 'taken_over' }), { once: true });
  return { reply, noted: () => keeping };
}

function remarksOn({ attempt, prepared, answerer, remarks }: Asked, draft: Draft): string[] {
  const { request, remark } = answerer.current;
  const { effort } = attempt.job.question;
  const ignored =
    draft.isWithoutEffort && effort !== undefined
      ? `${request.access.model.name} does not support \`effort\`, so it used its default.`
      : null;
  return [remark, ignored, ...prepared.remarks, ...remarks].filter((line) => line !== null);
}

function footerFacts({ prepared: { here, read }, answerer }: Asked, draft: Draft): FooterFacts {
  const { access, effort } = answerer.current.request;
  return {
    model: access.model,
    because: answerer.because,
    persona: here.persona?.persona.name ?? null,
    effort: draft.isWithoutEffort ? null : effort,
    durationMs: draft.durationMs,
    thinkingMs: draft.thinkingMs,
    read,
  };
}

/** Whether an answer was stopped although somebody still wants it. */
function isInterrupted({ reason }: AbortSignal): boolean {
  return reason instanceof Stopped && isInterruption(reason.stop);
}

/** Stops the answer shortly before its place accepts no more updates. Call the returned function when the answer is over. */
function watchClosing(closesAtMs: number, clock: Clock, stop: (cause: StopCause) => void): () => void {
  return clock.after(closesAtMs - CLOSING_MARGIN_MS - clock.now(), () => stop({ kind: 'place_closes' }));
}
