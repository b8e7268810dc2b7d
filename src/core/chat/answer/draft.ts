import { Stopped } from '../../coordination/live-answers.ts';
import type { Reply } from '../../delivery/reply.ts';
import type { Clock } from '../../kit/clock.ts';
import { grown } from '../../kit/text.ts';
import { fenceLeftOpen } from '../../markdown/blocks.ts';
import type { Answerer } from '../../model-choice/fallbacks.ts';
import type { Citation } from '../../ports/provider.ts';
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

/**
 * Streams a request into a draft and a reply, sources last. Resolves to how it ended; never rejects.
 * @param beforeFirst called with the first text in the draft, before the reply has any. Must not reject. Default: nothing
 * @param signal aborts with `Stopped`
 */
export async function streamInto(
  draft: Draft,
  answerer: Answerer,
  {
    reply,
    surface,
    clock,
    beforeFirst,
  }: {
    readonly reply: Reply;
    readonly surface: Surface;
    readonly clock: Clock;
    readonly beforeFirst?: () => Promise<void>;
  },
  signal: AbortSignal,
): Promise<StreamEnd> {
  const startedAtMs = clock.now();
  let thinksSinceMs: number | null = null;
  let done: Done | null = null;
  let error: unknown = null;

  function stopThinking(): void {
    if (thinksSinceMs !== null) draft.thinkingMs += clock.now() - thinksSinceMs;
    thinksSinceMs = null;
  }

  try {
    for await (const event of answerer.stream(signal)) {
      if (event.type === 'text') {
        stopThinking();
        draft.firstTextMs ??= clock.now() - startedAtMs;
        const isFirst = draft.text === '';
        draft.text = grown(draft.text, event.delta);
        if (isFirst) await beforeFirst?.();
        reply.write(event.delta);
      } else if (event.type === 'reasoning') {
        if (!draft.isReasoned) surface.think?.();
        draft.isReasoned = true;
        thinksSinceMs ??= clock.now();
        if (draft.reasoning.length < MAX_REASONING_CHARS) {
          draft.reasoning = grown(draft.reasoning, event.delta);
        }
      } else if (event.type === 'start') {
        draft.affordableTokens = event.affordableTokens ?? null;
        draft.isWithoutEffort = event.isWithoutEffort ?? false;
      } else if (event.type === 'citation') draft.citations.push(event);
      else if (event.type === 'image') {
        draft.images.push(fileOf(event, draft.images.length + 1, answerer.current.access.model));
      } else if (event.type === 'done') done = event;
    }
    if (done === null) throw new Error('the answer has no closing event');
  } catch (fault) {
    error = fault;
  }
  stopThinking();
  draft.reasoning = draft.reasoning.trim().slice(0, MAX_REASONING_CHARS).toWellFormed();
  draft.durationMs = clock.now() - startedAtMs;
  const sources = sourcesOf(draft.citations);
  if (sources !== '') {
    const rest = fenceLeftOpen(draft.text) + sources;
    draft.text = grown(draft.text, rest);
    reply.write(rest);
  }
  if (done !== null && error === null) {
    const { maxOutputTokens } = answerer.current;
    const caps = { maxOutputTokens, affordableTokens: draft.affordableTokens };
    return { ...endOfDone(done, draft, caps), error: null };
  }
  if (signal.aborted && signal.reason instanceof Stopped) {
    return { ...endOfStop(signal.reason.stop), error: null };
  }
  return { status: 'failed', note: inOneLine(explain(error)), error };
}
