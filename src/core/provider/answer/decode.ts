import type { Logger } from 'pino';
import type { Clock } from '../../kit/clock.ts';
import type { Deadline } from '../../kit/deadline.ts';
import type { Rate } from '../../kit/rate.ts';
import type { ChatEvent } from '../../ports/provider.ts';
import { type Failure, readFailure } from '../failure/failure.ts';
import type { Exchange } from '../transport.ts';
import { type AnswerBounds, createAnswerReader } from './answer.ts';
import { createFraming, TooLong } from './framing.ts';
import { openBody } from './response-body.ts';

/** The largest body of an answer: 8,192 tokens in their envelopes are about 4 MB, four images in base64 43 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * The first reads are not rate-limited, so that the first text is not delayed. Several, because an answer may begin with a
 * mark that shows nothing by itself.
 */
const FIRST_READS = 4;

/** After the finish reason, usage, `[DONE]` and the end of the connection come at once or never. */
const COUNTED_GRACE_MS = 2_000;
const FINISHED_GRACE_MS = 10_000;

export interface DecodeContext {
  readonly exchange: Exchange;
  readonly bounds: AnswerBounds;
  /** Limits the wait for the next byte. */
  readonly silence: Deadline;
  /** Limits the wait for the next piece of the answer. Its signal is that of the fetch; `silence` aborts it too. */
  readonly standstill: Deadline;
  /** Longest pause within the answer. */
  readonly progressMs: number;
  /** Shared by all streams. */
  readonly pace: Rate;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Yields an answer's events in batches, as the network delivers them, for a stream or a whole completion. Ends the HTTP
 * request in every case.
 *
 * @throws ProviderError if the provider reports an error, if the answer ends too early (`cut_off`) or pauses for too long
 * (`timeout`), or if the body is not an answer (`bad_response`, `bad_address`)
 * @throws the outer signal's reason
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
  /** Time left for the end once the answer seems complete. */
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
      log.warn({ chars }, 'skipped a line of the stream that is not a JSON object');
    },
  });

  /**
   * Resolves to whether more may come. Keeps data in local variables, so that nothing read outlives the call: kept until the
   * next read, the data of a thousand streams would be moved to the old generation and wait for a full collection.
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

  /** The failure for a body that ended too early or held no answer. */
  function unfinished(): Failure {
    if (framing.shape === 'page') return { code: 'bad_address', status };
    return framing.shape === 'events' && !framing.hasContent
      ? { code: 'bad_response', status }
      : { code: 'cut_off' };
  }

  /** The failure for a body that is not an answer; null if it may be one. */
  function misfit(): Failure | null {
    if (framing.shape === 'page') return { code: 'bad_address', status };
    if (bytes > MAX_BODY_BYTES) return { code: 'bad_response', status, reason: 'too_long' };
    return null;
  }

  /** Whether nothing is missing, even without `[DONE]`. A document that parses is complete. */
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
        // The answer is complete; only the end marker is missing.
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
