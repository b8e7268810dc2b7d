import type { Logger } from 'pino';
import type { ShownAnswer } from '../../conversations/answer-records.ts';
import { LISTENING_NOTE } from '../../conversations/listening.ts';
import type { AnswerState, Entry } from '../../coordination/journal.ts';
import { type StopCause, Stopped } from '../../coordination/live-answers.ts';
import { createReply, type Ending, type Reply } from '../../delivery/reply.ts';
import type { WriteLimiters } from '../../delivery/write-limiter.ts';
import type { Clock } from '../../kit/clock.ts';
import { OVER } from '../../kit/over.ts';
import { plainName } from '../../kit/text.ts';
import type { Bill } from '../../ledger/admitted-request.ts';
import { fenceLeftOpen } from '../../markdown/blocks.ts';
import type { Answerer } from '../../model-choice/fallbacks.ts';
import { buttonsAt, type EndedMoment } from '../../ports/buttons.ts';
import { PlaceGone } from '../../ports/delivery-errors.ts';
import type { NameOperator } from '../../ports/operator.ts';
import type { Citation } from '../../ports/provider.ts';
import type { LiveMessage, NoticeFile, Surface } from '../../ports/surface.ts';
import { fileOf, footerOf, sourcesOf } from './answer-text.ts';
import { type Finished, finishedEnding } from './ending-words.ts';
import { explain, inOneLine } from './explain.ts';
import { noteOf } from './note.ts';

/** Everything about one answer that is being given. */
export interface Answering {
  readonly answerId: string;
  readonly askedAtMs: number;
  /** The journal's entry of the question. */
  readonly entry: Entry;
  readonly request: Answerer;
  readonly surface: Surface;
  /** An existing message whose content the answer replaces; null if there is none. */
  readonly adopted: LiveMessage | null;
  /** Remarks on this answer for the asker, in one or more sentences each. */
  readonly remarks: readonly string[];
  /** The footer's words on files and messages that were read; null for none. */
  readonly read: string | null;
  /** Whether nothing is shown before the answer has ended. */
  readonly isWhole: boolean;
  /** Name of the persona that answers; null for none. */
  readonly persona: string | null;
  /** Whether the asker chose an effort for this question. */
  readonly asksEffort: boolean;
  readonly onMessage: (key: string) => void;
  readonly onThread: (key: string) => void;
  /** Whether the answer must say that the bot listens in its thread; called when the answer ends. */
  readonly announcesListening: () => boolean;
  /** As `Moment.isInLongThread`. */
  readonly isInLongThread: boolean;
  /** Ends the provider's request. */
  readonly stop: (cause: StopCause) => void;
  /** Stores the answer before its last state is shown. The asker is told about a fault. */
  readonly keep: (answer: Answered) => Promise<void>;
  /** Aborts with `Stopped`. */
  readonly signal: AbortSignal;
  /** Ends delivery at once. */
  readonly abandon: AbortSignal;
}

/** The result of an answer. */
export interface Answered {
  readonly status: Ending['status'];
  readonly text: string;
  readonly images: readonly NoticeFile[];
  readonly firstTextMs: number | null;
  readonly durationMs: number;
  readonly bill: Bill | null;
  /** The beginning of the model's reasoning; empty if there is none, or the model does not show it. */
  readonly reasoning: string;
  /** A failure's error, for the log. */
  readonly error: unknown;
}

export const INTERRUPTED = 'Interrupted: the bot was restarted. Press Retry to ask again.';

/** The part of a model's reasoning that is kept: about 1,300 words, as much as people read. */
export const MAX_REASONING_CHARS = 8_000;

/** Discord's and Slack's tokens and streams end on the second, and the last update takes time. */
const CLOSING_MARGIN_MS = 15_000;

export interface AnswerDeps {
  readonly limiters: WriteLimiters;
  readonly nameOperator: NameOperator;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Streams an admitted request into a reply until its last state is shown, and settles the request. Never rejects. */
export async function answer(
  job: Answering,
  { limiters, nameOperator, clock, log }: AnswerDeps,
): Promise<
  Answered & {
    readonly delivered: boolean;
    readonly endLagMs: number;
    readonly gone: PlaceGone | null;
    /** Remarks that did not fit into the note. */
    readonly left: readonly string[];
    /** The place and form in which it is shown. */
    readonly shown: ShownAnswer;
    /** For a place that was locked before the answer was shown: its key, and the state to show later; else null. */
    readonly held: { readonly at: string; readonly state: AnswerState } | null;
  }
> {
  const { answerId, askedAtMs, entry, surface, request, signal } = job;
  /** The model that answers now. */
  const modelNow = () => request.current.request.access.model;
  const startedAtMs = clock.now();
  let text = '';
  let keeping = Promise.resolve();
  const unwanted = new AbortController();
  signal.addEventListener('abort', () => {
    if (!(signal.reason instanceof Stopped) || !isOwn(signal.reason.stop)) unwanted.abort(OVER);
  });
  const reply = createReply({
    surface,
    limiters,
    clock,
    log,
    buttons: buttonsAt(answerId, { state: 'running' }),
    isWhole: job.isWhole,
    onOpen: ({ key, threadKey }) => {
      job.onMessage(key);
      if (threadKey) job.onThread(threadKey);
      keeping = entry.keep();
      return keeping;
    },
    signal: job.abandon,
    unwanted: unwanted.signal,
    ...(job.adopted !== null && { adopted: job.adopted }),
  });
  reply.gone.addEventListener('abort', () => job.stop({ kind: 'place_gone' }), { once: true });
  entry.lost.addEventListener('abort', () => job.stop({ kind: 'taken_over' }), { once: true });
  let ending: AnswerState['ending'] = null;
  const state = () => ({
    id: answerId,
    model: modelNow().id,
    askedAtMs,
    text,
    images: images.length,
    ending,
    ...reply.progress,
  });
  entry.watch(state);
  const closing = watchClosing(surface, clock, job.stop);

  let firstTextMs: number | null = null;
  let affordableTokens: number | null = null;
  let isWithoutEffort = false;
  const citations: Citation[] = [];
  let outcome: Outcome = { kind: 'failed', error: new Error('the answer has no closing event') };
  let isThinking = false;
  let reasoning = '';
  const thinking = createStopwatch(clock);
  const images: NoticeFile[] = [];
  try {
    for await (const event of request.stream(signal)) {
      if (event.type === 'text') {
        thinking.stop();
        text += event.delta;
        if (firstTextMs === null) {
          firstTextMs = clock.now() - startedAtMs;
        }
        reply.write(event.delta);
      } else if (event.type === 'citation') citations.push(event);
      else if (event.type === 'start') {
        affordableTokens = event.affordableTokens ?? null;
        isWithoutEffort = event.isWithoutEffort ?? false;
      } else if (event.type === 'reasoning') {
        if (!isThinking) surface.think?.();
        isThinking = true;
        thinking.start();
        if (reasoning.length < MAX_REASONING_CHARS) reasoning += event.delta;
      } else if (event.type === 'image') images.push(fileOf(event, images.length + 1, modelNow()));
      else if (event.type === 'done')
        outcome = { kind: 'finished', done: event, isThinking, images: images.length };
    }
  } catch (error) {
    outcome =
      signal.aborted && signal.reason instanceof Stopped
        ? { kind: 'stopped', cause: signal.reason.stop }
        : { kind: 'failed', error };
  }
  closing.abort(OVER);
  thinking.stop();

  const durationMs = clock.now() - startedAtMs;
  const unsettled = (error: unknown): null => {
    log.error({ err: error, answer: answerId }, 'could not settle a request; it stays reserved');
    return null;
  };
  const bill = await request.bill().catch(unsettled);
  const sources = sourcesOf(citations);
  if (sources !== '') {
    const end = fenceLeftOpen(text) + sources;
    reply.write(end);
    text += end;
  }

  const { status, note, isCut = false } = endingOf(outcome, text, job, affordableTokens);
  const { persona, read } = job;
  const thinkingMs = thinking.elapsedMs;
  const { request: asked, remark } = request.current;
  const effort = isWithoutEffort ? null : asked.effort;
  const facts = {
    model: modelNow(),
    because: request.because,
    persona,
    effort,
    durationMs,
    thinkingMs,
    read,
  };
  const footer = bill && footerOf({ ...facts, ...bill });
  const announces = job.announcesListening();
  const untaken =
    isWithoutEffort && job.asksEffort
      ? `${modelNow().name} does not support \`effort\`, so it used its default.`
      : null;
  const remarks = [remark, untaken, ...job.remarks].filter((line) => line !== null);
  const words = [note && nameOperator(note), announces ? LISTENING_NOTE : null];
  ending = { status, note: noteOf(remarks, words).note, footer, ...(isCut && { isCut }) };
  // From here on the answer is final. A process that has lost the event finds out before it writes.
  await keeping;
  await Promise.all([bill && request.settle().catch(unsettled), entry.keep()]);

  const answered: Answered = {
    status,
    text,
    images,
    firstTextMs,
    durationMs,
    bill,
    reasoning: reasoning.trim().slice(0, MAX_REASONING_CHARS).toWellFormed(),
    error: outcome.kind === 'failed' ? outcome.error : null,
  };
  const unkept = await job.keep(answered).then(
    () => null,
    (error: unknown) => {
      log.error({ err: error, answer: answerId }, 'could not store an answer');
      return 'This answer could not be saved, so it is not part of the conversation.';
    },
  );
  const { note: noted, left } = noteOf(remarks, [...words, unkept]);
  const moment = {
    ...momentAfter(ending, surface, announces),
    hasReasoning: answered.reasoning !== '',
    isInLongThread: job.isInLongThread,
  };
  const delivered = await reply.finish({
    ...ending,
    note: noted,
    buttons: buttonsAt(answerId, moment),
    files: images,
  });
  const gone = reply.gone.reason instanceof PlaceGone ? reply.gone.reason : null;
  const endLagMs = clock.now() - startedAtMs - durationMs;
  const { lockedAt } = reply;
  const held = lockedAt === null ? null : { at: lockedAt, state: state() };
  return { ...answered, delivered, gone, left, held, endLagMs, shown: shownBy(reply, surface, moment) };
}

/** The place and buttons of a finished answer, for its record. */
export function shownBy({ progress }: Reply, { reference }: Surface, moment: EndedMoment): ShownAnswer {
  return { reference: reference ?? null, sealed: progress.sealed, moment };
}

/** The facts that decide about the buttons under a finished answer. */
export function momentAfter(
  { status, isCut }: Pick<NonNullable<AnswerState['ending']>, 'status' | 'isCut'>,
  surface: Surface,
  announcesListening = false,
): EndedMoment {
  return {
    state: 'ended',
    isComplete: status === 'complete',
    isCut: isCut === true,
    mayContinueInThread: surface.canContinueInThread && !surface.isPrivate,
    announcesListening,
  };
}

type Outcome =
  | ({ readonly kind: 'finished' } & Finished)
  | { readonly kind: 'stopped'; readonly cause: StopCause }
  | { readonly kind: 'failed'; readonly error: unknown };

function endingOf(
  outcome: Outcome,
  text: string,
  job: Answering,
  affordableTokens: number | null,
): Pick<NonNullable<AnswerState['ending']>, 'status' | 'note' | 'isCut'> {
  switch (outcome.kind) {
    case 'failed': {
      const explanation = explain(outcome.error);
      return { status: 'failed', note: inOneLine(explanation) };
    }
    case 'stopped':
      return {
        status: isOwn(outcome.cause) ? 'interrupted' : 'stopped',
        note: stopNote(outcome.cause),
      };
    case 'finished':
      return finishedEnding(outcome, text.trim() !== '', {
        maxOutputTokens: job.request.current.request.maxOutputTokens,
        affordableTokens,
      });
  }
}

/** Whether the answer stopped without anybody asking for it. */
function isOwn({ kind }: StopCause): boolean {
  return kind === 'shutdown' || kind === 'taken_over';
}

function stopNote(cause: StopCause): string {
  switch (cause.kind) {
    case 'person':
      return `Stopped by ${plainName(cause.name) || 'somebody'}.`;
    case 'question_deleted':
      return 'Stopped: the question was deleted.';
    case 'question_edited':
      return 'Stopped: the question was edited.';
    case 'forgotten':
      return 'Stopped: the conversation was deleted.';
    case 'place_gone':
      // Only seen if the platform accepts writes again.
      return 'Stopped: I can no longer write here. Press Retry to ask again.';
    case 'place_closes':
      return 'Stopped: a private answer can only be updated for a limited time. Ask for the rest in a new question.';
    case 'shutdown':
      return 'Interrupted: the bot was stopped. Press Retry to ask again.';
    case 'taken_over':
      return INTERRUPTED;
  }
}

/** Adds up the time between `start` and `stop`; both may be called repeatedly. */
function createStopwatch(clock: Clock) {
  let startedAtMs: number | null = null;
  let elapsedMs = 0;
  return {
    start() {
      startedAtMs ??= clock.now();
    },
    stop() {
      if (startedAtMs !== null) elapsedMs += clock.now() - startedAtMs;
      startedAtMs = null;
    },
    get elapsedMs() {
      return elapsedMs;
    },
  };
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
