import type { Logger } from 'pino';
import type { JsonObject } from '../../kit/json.ts';
import type { Rate } from '../../kit/scheduling/rate.ts';
import type { Clock } from '../../kit/time/clock.ts';
import type { Deadline } from '../../kit/time/deadline.ts';
import type { FetchResponse } from '../../ports/fetch.ts';
import type { TakeEvent } from '../../ports/provider.ts';
import type { Exchange } from '../exchange.ts';
import { type Failure, readFailure } from '../failure/failure.ts';
import { type AnswerBounds, AnswerReader } from './answer.ts';
import type { ChunkHandlers } from './chunks.ts';
import { Framing, TooLong } from './framing.ts';
import { ResponseBody } from './response-body.ts';

/** The largest body of an answer: 8,192 tokens in their envelopes are about 4 MB, four images in base64 43 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * The first reads are not rate-limited, so that the first text is not delayed. Several, because an answer may begin with a
 * mark that shows nothing by itself.
 */
const FIRST_READS = 4;

/**
 * Waits for `[DONE]` and the end of the connection, which come at once or never. By the number of signs that the answer is
 * complete, which are its finish reason and its usage.
 */
const GRACES_MS = [null, 10_000, 2_000] as const;

export interface DecodeContext {
  readonly exchange: Exchange;
  readonly bounds: AnswerBounds;
  /** Limits each wait; paused. Its signal is that of the fetch. */
  readonly deadline: Deadline;
  /** Longest wait for the next byte. */
  readonly silenceMs: number;
  /** Time left for the first piece of the answer. */
  readonly leftMs: number;
  /** Longest wait for each later piece. */
  readonly progressMs: number;
  /** Shared by all streams. */
  readonly pace: Rate;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Reads the answer from a response, for a stream or a whole completion. */
export class AnswerDecoder implements ChunkHandlers {
  readonly #context: DecodeContext;
  readonly #signal: AbortSignal;
  readonly #response: FetchResponse;
  readonly #body: ResponseBody;
  readonly #utf8 = new TextDecoder();
  readonly #framing = new Framing(this);
  readonly #answer: AnswerReader;
  /** Time left for the next piece of the answer. */
  #leftMs: number;
  /** Time for the end once the answer seems complete. */
  #graceMs: number | null = null;
  #bytes = 0;
  #skippedLines = 0;
  #isOpen = true;
  /** Whether nothing more belongs to the answer. */
  #isDone = false;
  #failure: Failure | null = null;

  constructor(response: FetchResponse, context: DecodeContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.#response = response;
    this.#body = new ResponseBody(response);
    this.#answer = new AnswerReader(context.exchange.generationId, context.bounds);
    this.#leftMs = context.leftMs;
  }

  /**
   * Resolves after the last event. Ends the HTTP request in every case, after `[DONE]` in the background. Call once.
   *
   * @throws ProviderError if the provider reports an error, if the answer ends too early (`cut_off`) or pauses for too long
   * (`timeout`), or if the body is not an answer (`bad_response`, `bad_address`)
   * @throws the outer signal's reason
   */
  async stream(take: TakeEvent): Promise<void> {
    const answer = this.#answer;
    try {
      await take({ type: 'start', generationId: answer.generationId });
      for (let textReads = 0; this.#isOpen && !this.#isDone && !answer.isFull; ) {
        if (textReads >= FIRST_READS) await this.#context.pace.enter();
        const error = await this.#read();
        if (await this.#pass(take)) textReads++;
        if (error !== null) throw error;
      }
      answer.finishUp(this.#skippedLines);
      await this.#pass(take);
    } finally {
      if (this.#isDone) void this.#body.leave(this.#context.clock);
      else await this.#body.cancel();
    }
  }

  /** Passes on what was read. Resolves to whether that was anything. */
  async #pass(take: TakeEvent): Promise<boolean> {
    const events = this.#answer.take();
    for (const event of events) {
      const taken = take(event);
      if (taken !== undefined) await taken;
    }
    return events.length > 0;
  }

  /**
   * Reads once. Resolves to the error that ends the answer, else to null. Keeps data in local variables, so that nothing read
   * outlives the call: kept until the next read, the data of a thousand streams would be moved to the old generation and wait for
   * a full collection.
   */
  async #read(): Promise<unknown> {
    const { exchange, deadline, silenceMs } = this.#context;
    let error: unknown = null;
    try {
      deadline.restart(Math.min(silenceMs, this.#leftMs));
      const { value } = await this.#body.read();
      this.#leftMs -= deadline.pause();
      this.#decode(value);
    } catch (cause) {
      error = this.#errorOf(cause);
    }
    exchange.generationId = this.#answer.generationId;
    this.#failure ??= this.#misfit();
    error ??= this.#failure && exchange.fail(this.#failure);
    if (error !== null) this.#answer.flush();
    return error;
  }

  /** @param bytes undefined at the end of the body */
  #decode(bytes: Uint8Array | undefined): void {
    const answer = this.#answer;
    const before = answer.progress;
    this.#isOpen = bytes !== undefined;
    this.#bytes += bytes?.byteLength ?? 0;
    this.#framing.push(this.#utf8.decode(bytes, { stream: this.#isOpen }));
    if (!this.#isOpen) this.#framing.end();
    const graceMs = GRACES_MS[Number(answer.finish !== null) + Number(answer.isCounted)] ?? null;
    const isProgress = answer.progress > before;
    if (isProgress || graceMs !== this.#graceMs) this.#leftMs = graceMs ?? this.#context.progressMs;
    this.#graceMs = graceMs;
  }

  onChunk(chunk: JsonObject, event: string | undefined): void {
    if (this.#isDone || this.#failure !== null || this.#answer.isFull) return;
    const isError = event === 'error' && !chunk['error'];
    const failed = this.#answer.read(isError ? { error: chunk } : chunk);
    if (failed !== null) {
      this.#failure = readFailure(null, failed, this.#response.headers, this.#context.clock.now());
    } else if (this.#framing.shape === 'document' && !Array.isArray(chunk['choices'])) {
      this.#failure = { code: 'bad_response', status: this.#response.status };
    }
  }

  onDone(): void {
    this.#isDone = true;
  }

  onBroken(chars: number): void {
    this.#skippedLines++;
    this.#context.log.warn({ chars }, 'skipped a line of the stream that is not a JSON object');
  }

  /** The error for a read that failed; null if there is a failure to word, or if only the end marker is missing. */
  #errorOf(cause: unknown): unknown {
    this.#signal.throwIfAborted();
    const { signal } = this.#context.deadline;
    const { status } = this.#response;
    if (cause instanceof TooLong) this.#failure = { code: 'bad_response', status, reason: 'too_long' };
    else if (this.#answer.finish !== null || (this.#answer.isCounted && signal.aborted)) this.#isDone = true;
    else if (signal.aborted) return signal.reason;
    else this.#failure = { code: 'cut_off', cause };
    return null;
  }

  /** The failure for a body that is not an answer, or ended too early; null if there is none. */
  #misfit(): Failure | null {
    const { shape, hasContent } = this.#framing;
    const { status } = this.#response;
    if (shape === 'page') return { code: 'bad_address', status };
    if (this.#bytes > MAX_BODY_BYTES) return { code: 'bad_response', status, reason: 'too_long' };
    // A document that parses is complete, even without `[DONE]`.
    const isWhole = this.#graceMs !== null || (shape === 'document' && hasContent);
    if (this.#isOpen || this.#isDone || isWhole) return null;
    return shape === 'events' && !hasContent ? { code: 'bad_response', status } : { code: 'cut_off' };
  }
}
