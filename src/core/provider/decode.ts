import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import type { Deadline } from '../kit/deadline.ts';
import type { Pace } from '../kit/rate.ts';
import type { ChatEvent } from '../ports/provider.ts';
import { type AnswerBounds, createAnswerReader } from './answer.ts';
import { type Failure, readFailure } from './failure.ts';
import { createFraming, TooLong } from './framing.ts';
import { openBody } from './response-body.ts';
import type { Exchange } from './transport.ts';

/** All that an answer may come in: some 8,192 tokens with their envelopes are 4 MB, four images in base64 43. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The first text waits for nobody; and what an answer begins with may be a mark that shows nothing by itself. */
const FIRST_READS = 4;

/** Usage, [DONE] and the end of the connection come together with the finish reason, or not at all. */
const COUNTED_GRACE_MS = 2_000;
const FINISHED_GRACE_MS = 10_000;

export interface DecodeContext {
  readonly exchange: Exchange;
  readonly bounds: AnswerBounds;
  /** Limits the wait for the next byte. */
  readonly silence: Deadline;
  /** Limits the wait for the next piece of the answer. Its signal, which `silence` aborts too, is that of the fetch. */
  readonly standstill: Deadline;
  /** How long the answer may stand still once it has begun. */
  readonly progressMs: number;
  /** Of all streams together. */
  readonly pace: Pace;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The events of an answer, in batches as the network delivers them: of a stream, or of one piece. Throws where the provider
 * reports an error inside, where the answer ends too early (`cut_off`), stands still for too long (`timeout`) or is none
 * (`bad_response`, `bad_address`), and the outer signal's reason. However it ends, the HTTP request ends with it.
 */
export async function* decodeAnswer(
  response: Response,
  { exchange, bounds, silence, standstill, progressMs, pace, clock, log }: DecodeContext,
  signal: AbortSignal,
): AsyncGenerator<readonly ChatEvent[], void, void> {
  const body = openBody(response);
  const answer = createAnswerReader(exchange.generationId, bounds);
  const utf8 = new TextDecoder();
  const { status } = response;
  let bytes = 0;
  /** How long the end may take once the answer seems to be complete. */
  let graceMs: number | null = null;
  let isEnded = false;
  let skippedLines = 0;
  let failure: Failure | null = null;
  let events: ChatEvent[] = [];

  const framing = createFraming({
    onChunk(chunk, event) {
      if (isEnded || failure !== null || answer.isFull) return;
      const isError = event === 'error' && !chunk['error'];
      const failed = answer.read(isError ? { error: chunk } : chunk, events);
      if (failed !== null) failure = readFailure(null, failed, response.headers, clock.now());
      else if (framing.shape === 'document' && !Array.isArray(chunk['choices'])) {
        failure = { code: 'bad_response', status };
      }
    },
    onDone() {
      isEnded = true;
    },
    onBroken(chars) {
      skippedLines++;
      log.warn({ chars }, 'skipped a line of the stream that is no JSON object');
    },
  });

  /**
   * Resolves to whether there may be more. Nothing of what came outlives the call: held until the next read, that of a thousand
   * streams would pass for long-lived, and wait for a full collection.
   */
  async function readOn(): Promise<boolean> {
    silence.restart();
    standstill.resume();
    const value = await body.read();
    silence.pause();
    bytes += value?.byteLength ?? 0;
    const before = answer.progress;
    framing.push(value === null ? utf8.decode() : utf8.decode(value, { stream: true }));
    if (value === null) framing.end();
    const isProgress = answer.progress > before;
    const wasGraceMs = graceMs;
    if (isProgress) graceMs = null;
    if (answer.finish !== null && answer.isCounted) graceMs = COUNTED_GRACE_MS;
    else if (answer.finish !== null || answer.isCounted) graceMs = FINISHED_GRACE_MS;
    if (value === null || isEnded) return false;
    if (isProgress || graceMs !== wasGraceMs) standstill.restart(graceMs ?? progressMs);
    standstill.pause();
    return true;
  }

  /** Of a body that ended too early, or had nothing of an answer in it. */
  function unfinished(): Failure {
    if (framing.shape === 'page') return { code: 'bad_address', status };
    return framing.shape === 'events' && !framing.hasContent
      ? { code: 'bad_response', status }
      : { code: 'cut_off' };
  }

  /** Of a body that is no answer, whatever may come. */
  function misfit(): Failure | null {
    if (framing.shape === 'page') return { code: 'bad_address', status };
    if (bytes > MAX_BODY_BYTES) return { code: 'bad_response', status, reason: 'too_long' };
    return null;
  }

  /** Whether nothing is missing, though no [DONE] came. A document that could be read is whole. */
  const isWhole = () =>
    answer.finish !== null || answer.isCounted || (framing.shape === 'document' && framing.hasContent);

  try {
    yield [{ type: 'start', generationId: exchange.generationId }];
    let textReads = 0;
    for (let isOpen = true; isOpen && !isEnded && !answer.isFull; ) {
      if (textReads >= FIRST_READS) await pace.enter();
      let error: unknown = null;
      try {
        isOpen = await readOn();
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof TooLong) failure = { code: 'bad_response', status, reason: 'too_long' };
        // The answer was whole; only the goodbye is missing.
        else if (answer.finish !== null || (answer.isCounted && standstill.signal.aborted)) break;
        else if (standstill.signal.aborted) error = standstill.signal.reason;
        else failure = { code: 'cut_off', cause };
      }
      exchange.generationId = answer.generationId;
      if (!isOpen && !isEnded && !isWhole()) failure ??= unfinished();
      failure ??= misfit();
      error ??= failure && exchange.fail(failure);
      if (error !== null) answer.flush(events);
      if (events.length > 0) {
        textReads++;
        yield events;
        events = [];
      }
      if (error !== null) throw error;
    }
    answer.finishUp(skippedLines, events);
    yield events;
  } finally {
    await body.cancel();
  }
}
