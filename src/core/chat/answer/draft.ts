import { Stopped } from '../../coordination/live-answers.ts';
import type { Reply } from '../../delivery/reply.ts';
import { grown } from '../../kit/text/text.ts';
import type { Clock } from '../../kit/time/clock.ts';
import { fenceLeftOpen } from '../../markdown/blocks/blocks.ts';
import type { Answerer } from '../../model-choice/fallbacks.ts';
import type { ChatEvent, Citation } from '../../ports/provider.ts';
import type { NoticeFile, Surface } from '../../ports/surface.ts';
import { fileOf, sourcesOf } from '../words/answer-text.ts';
import { type Done, type EndWords, endOfDone, endOfStop } from '../words/ending-words.ts';
import { explain, inOneLine } from '../words/explain.ts';

/** All that has come of an answer from its model by now. */
export interface Draft {
  text: string;
  readonly images: NoticeFile[];
  readonly citations: Citation[];
  /** The beginning of the model's reasoning; empty if there is none, or the model does not show it. */
  reasoning: string;
  /** Whether any reasoning came, shown or not. */
  isReasoned: boolean;
  thinkingMs: number;
  /** From the request to the first text; null if none came. */
  firstTextMs: number | null;
  /** From the request to the end of the stream. */
  durationMs: number;
  /** As `Caps.affordableTokens`. */
  affordableTokens: number | null;
  /** Whether the model answered without the effort that was asked for, which it does not take. */
  isWithoutEffort: boolean;
}

/** The part of a model's reasoning that is kept: about 1,300 words, as much as people read. */
export const MAX_REASONING_CHARS = 8_000;

export function emptyDraft(): Draft {
  return {
    text: '',
    images: [],
    citations: [],
    reasoning: '',
    isReasoned: false,
    thinkingMs: 0,
    firstTextMs: null,
    durationMs: 0,
    affordableTokens: null,
    isWithoutEffort: false,
  };
}

/** How a stream ended; `error` is the fault of one that failed, else null. */
export type StreamEnd = EndWords & { readonly error: unknown };

interface Destination {
  readonly reply: Reply;
  readonly surface: Surface;
  readonly clock: Clock;
  /** Called with the first text in the draft, before the reply has any. Must not reject. Default: nothing. */
  readonly beforeFirst?: () => Promise<void>;
}

/**
 * Streams a request into a draft and a reply, sources last. Resolves to how it ended; never rejects.
 * @param signal aborts with `Stopped`
 */
export async function streamInto(
  draft: Draft,
  answerer: Answerer,
  to: Destination,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const intake = new Intake(draft, answerer, to);
  let error: unknown = null;
  try {
    await answerer.stream((event) => intake.take(event), signal);
    if (intake.done === null) throw new Error('the answer has no closing event');
  } catch (fault) {
    error = fault;
  }
  intake.end();
  const sources = sourcesOf(draft.citations);
  if (sources !== '') {
    const rest = fenceLeftOpen(draft.text) + sources;
    draft.text = grown(draft.text, rest);
    to.reply.write(rest);
  }
  const { done } = intake;
  if (done !== null && error === null) {
    const { maxOutputTokens } = answerer.current.request;
    const caps = { maxOutputTokens, affordableTokens: draft.affordableTokens };
    return { ...endOfDone(done, draft, caps), error: null };
  }
  if (signal.aborted && signal.reason instanceof Stopped) {
    return { ...endOfStop(signal.reason.stop), error: null };
  }
  return { status: 'failed', note: inOneLine(explain(error)), error };
}

/** Sorts the events of a stream into its draft, and passes text on to the reply. */
class Intake {
  readonly #draft: Draft;
  readonly #answerer: Answerer;
  readonly #to: Destination;
  readonly #startedAtMs: number;
  #thinksSinceMs: number | null = null;
  /** The closing event, once it has come. */
  done: Done | null = null;

  constructor(draft: Draft, answerer: Answerer, to: Destination) {
    this.#draft = draft;
    this.#answerer = answerer;
    this.#to = to;
    this.#startedAtMs = to.clock.now();
  }

  take(event: ChatEvent): Promise<void> | void {
    const draft = this.#draft;
    if (event.type === 'text') return this.#takeText(event.delta);
    if (event.type === 'reasoning') this.#takeReasoning(event.delta);
    else if (event.type === 'start') {
      draft.affordableTokens = event.affordableTokens ?? null;
      draft.isWithoutEffort = event.isWithoutEffort ?? false;
    } else if (event.type === 'citation') draft.citations.push(event);
    else if (event.type === 'image') {
      draft.images.push(fileOf(event, draft.images.length + 1, this.#answerer.current.request.access.model));
    } else if (event.type === 'done') this.done = event;
  }

  #takeText(delta: string): Promise<void> | void {
    const draft = this.#draft;
    const { reply, clock, beforeFirst } = this.#to;
    this.#stopThinking();
    draft.firstTextMs ??= clock.now() - this.#startedAtMs;
    const isFirst = draft.text === '';
    draft.text = grown(draft.text, delta);
    if (isFirst && beforeFirst !== undefined) return beforeFirst().then(() => reply.write(delta));
    reply.write(delta);
  }

  #takeReasoning(delta: string): void {
    const draft = this.#draft;
    const { surface, clock } = this.#to;
    if (!draft.isReasoned) surface.think?.();
    draft.isReasoned = true;
    this.#thinksSinceMs ??= clock.now();
    if (draft.reasoning.length < MAX_REASONING_CHARS) draft.reasoning = grown(draft.reasoning, delta);
  }

  #stopThinking(): void {
    if (this.#thinksSinceMs !== null) this.#draft.thinkingMs += this.#to.clock.now() - this.#thinksSinceMs;
    this.#thinksSinceMs = null;
  }

  /** Completes what the draft says of the stream, which has ended. */
  end(): void {
    const draft = this.#draft;
    this.#stopThinking();
    draft.reasoning = draft.reasoning.trim().slice(0, MAX_REASONING_CHARS).toWellFormed();
    draft.durationMs = this.#to.clock.now() - this.#startedAtMs;
  }
}
