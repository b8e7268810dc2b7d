import type { ShownAnswer } from '../../conversations/answer-records.ts';
import { LISTENING_NOTE } from '../../conversations/listening.ts';
import { momentAfter, shownBy } from '../../conversations/shown-answer.ts';
import type { AnswerEnd, AnswerState } from '../../coordination/journal.ts';
import { type StopCause, Stopped } from '../../coordination/live-answers.ts';
import { createReply } from '../../delivery/reply.ts';
import type { Clock } from '../../kit/clock.ts';
import { OVER } from '../../kit/over.ts';
import type { Bill } from '../../ledger/admitted-request.ts';
import { buttonsAt } from '../../ports/buttons.ts';
import { PlaceGone } from '../../ports/delivery-errors.ts';
import type { LiveMessage, Surface } from '../../ports/surface.ts';
import type { Asked } from '../question/ask-model.ts';
import type { Attempt } from '../question/attempt.ts';
import { isHeard, type Job } from '../question/job.ts';
import { type FooterFacts, footerOf } from '../words/answer-text.ts';
import type { Messenger } from '../words/messenger.ts';
import { noteOf } from '../words/note.ts';
import { isInterruption } from '../words/stop-words.ts';
import { type Draft, emptyDraft, streamInto } from './draft.ts';
import type { AnswerPlaces } from './places.ts';

/** A question whose request is admitted, so that its answer can be written. */
export interface ToWrite {
  readonly job: Job;
  readonly attempt: Attempt;
  readonly asked: Asked;
  readonly places: Pick<AnswerPlaces, 'noteMessage' | 'noteThread'>;
  /** An existing message whose content the answer replaces; null if there is none. */
  readonly adopted: LiveMessage | null;
  /** Stores the answer before its last state is shown. The asker is told about a fault. */
  readonly keep: (answer: Written) => Promise<void>;
}

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

/** Streams a request into a reply until its last state is shown, and settles the request. Never rejects. */
export type WriteAnswer = (answer: ToWrite) => Promise<Delivered>;

/** Discord's and Slack's tokens and streams end on the second, and the last update takes time. */
const CLOSING_MARGIN_MS = 15_000;

export function createWriter({ delivery, nameOperator, abandoned }: Messenger): WriteAnswer {
  const { clock, log } = delivery;

  return async ({ job, attempt, asked, places, adopted, keep }) => {
    const { id, entry, signal, stop } = attempt;
    const { surface } = job.question;
    const { prepared, requested } = asked;
    const { request } = requested;
    const startedAtMs = clock.now();
    const draft = emptyDraft();
    let ending: AnswerEnd | null = null;
    let keeping = Promise.resolve();

    const reply = createReply({
      ...delivery,
      surface,
      answerId: id,
      isWhole: prepared.here.whole,
      onOpen({ key, threadKey }) {
        places.noteMessage(key);
        if (threadKey) places.noteThread(threadKey);
        keeping = entry.keep();
        return keeping;
      },
      signal: AbortSignal.any([abandoned, entry.lost]),
      unwanted: unwantedAfter(signal),
      ...(adopted !== null && { adopted }),
    });
    reply.gone.addEventListener('abort', () => stop({ kind: 'place_gone' }), { once: true });
    entry.lost.addEventListener('abort', () => stop({ kind: 'taken_over' }), { once: true });
    const state = (): AnswerState => ({
      ...attempt.unbegun,
      model: request.current.request.access.model.id,
      text: draft.text,
      images: draft.images.length,
      ending,
      ...reply.progress,
    });
    entry.watch(state);

    const closing = watchClosing(surface, clock, stop);
    const { error, ...end } = await streamInto(draft, request, { reply, surface, clock }, signal);
    closing.abort(OVER);
    const unsettled = (fault: unknown): null => {
      log.error({ err: fault, answer: id }, 'could not settle a request; it stays reserved');
      return null;
    };
    const bill = await request.bill().catch(unsettled);

    const announcesListening = isHeard(surface) && prepared.isUntold;
    const remarks = remarksOn(job, asked, draft);
    const words = [end.note && nameOperator(end.note), announcesListening ? LISTENING_NOTE : null];
    const footer = bill && footerOf(footerFacts(asked, draft), bill);
    ending = { ...end, note: noteOf(remarks, words).note, footer };
    // From here on the answer is final. A process that has lost the event finds out before it writes.
    await keeping;
    await Promise.all([bill && request.settle().catch(unsettled), entry.keep()]);

    const written = { draft, status: end.status, bill, error };
    const unkept = await keep(written).then(
      () => null,
      (fault: unknown) => {
        log.error({ err: fault, answer: id }, 'could not store an answer');
        return 'This answer could not be saved, so it is not part of the conversation.';
      },
    );
    const { note, left } = noteOf(remarks, [...words, unkept]);
    const moment = {
      ...momentAfter(ending, surface),
      announcesListening,
      hasReasoning: draft.reasoning !== '',
      isInLongThread: requested.isInLongThread,
    };
    const buttons = buttonsAt(id, moment);
    const delivered = await reply.finish({ ...ending, note, buttons, files: draft.images });
    const { lockedAt } = reply;
    return {
      ...written,
      delivered,
      endLagMs: clock.now() - startedAtMs - draft.durationMs,
      gone: reply.gone.reason instanceof PlaceGone ? reply.gone.reason : null,
      left,
      shown: shownBy(reply, surface, moment),
      held: lockedAt === null ? null : { at: lockedAt, state: state() },
    };
  };
}

function remarksOn({ question }: Job, { prepared, requested }: Asked, { isWithoutEffort }: Draft): string[] {
  const { current } = requested.request;
  const { name } = current.request.access.model;
  const ignored =
    isWithoutEffort && question.effort !== undefined
      ? `${name} does not support \`effort\`, so it used its default.`
      : null;
  return [current.remark, ignored, ...prepared.remarks, ...requested.remarks].filter((line) => line !== null);
}

function footerFacts({ prepared: { here, read }, requested: { request } }: Asked, draft: Draft): FooterFacts {
  const { access, effort } = request.current.request;
  return {
    model: access.model,
    because: request.because,
    persona: here.persona?.persona.name ?? null,
    effort: draft.isWithoutEffort ? null : effort,
    durationMs: draft.durationMs,
    thinkingMs: draft.thinkingMs,
    read,
  };
}

/** Aborts when an answer is stopped because somebody does not want it. */
function unwantedAfter(signal: AbortSignal): AbortSignal {
  const unwanted = new AbortController();
  signal.addEventListener('abort', () => {
    if (!(signal.reason instanceof Stopped) || !isInterruption(signal.reason.stop)) unwanted.abort(OVER);
  });
  return unwanted.signal;
}

/**
 * Stops the answer shortly before its place accepts no more updates. Abort the returned controller when the answer is over.
 */
function watchClosing(surface: Surface, clock: Clock, stop: (cause: StopCause) => void): AbortController {
  const over = new AbortController();
  if (surface.closesAtMs !== undefined) {
    clock.sleep(surface.closesAtMs - CLOSING_MARGIN_MS - clock.now(), over.signal).then(
      () => stop({ kind: 'place_closes' }),
      () => {}, // over
    );
  }
  return over;
}
