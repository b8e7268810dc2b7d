import { createParser } from 'eventsource-parser';
import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import type { Deadline } from '../kit/deadline.ts';
import { asObject, parseJson } from '../kit/json.ts';
import type { Pace } from '../kit/rate.ts';
import type { ChatEvent } from '../ports/provider.ts';
import { createAnswerReader } from './answer.ts';
import { type Failure, readFailure } from './failure.ts';
import type { Exchange } from './transport.ts';

/** Far above any line of a chat stream; a server that sends a longer one is broken or hostile. */
const MAX_BUFFERED_CHARS = 1024 * 1024;

/** The first text waits for nobody; and what an answer begins with may be a mark that shows nothing by itself. */
const FIRST_READS = 4;

export interface DecodeContext {
  readonly exchange: Exchange;
  /** Limits the silence; its signal is the one that the response was fetched with. */
  readonly limit: Deadline;
  /** Of all streams together. */
  readonly pace: Pace;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The events of a streamed answer, in batches as the network delivers them. Throws where the provider reports an
 * error inside the stream, where the stream ends too early (`cut_off`), is silent for too long (`timeout`) or is no
 * event stream (`bad_response`), and the outer signal's reason. However it ends, the HTTP request ends with it.
 */
export async function* decodeStream(
  response: Response,
  { exchange, limit, pace, clock, log }: DecodeContext,
  signal: AbortSignal,
): AsyncGenerator<readonly ChatEvent[], void, void> {
  const reader = response.body?.getReader();
  if (!reader) throw exchange.fail({ code: 'bad_response', status: response.status });

  const answer = createAnswerReader(exchange.generationId);
  const utf8 = new TextDecoder();
  const state = { ended: false, skippedLines: 0, failure: null as Failure | null };
  let events: ChatEvent[] = [];

  const parser = createParser({
    maxBufferSize: MAX_BUFFERED_CHARS,
    onEvent({ event, data }) {
      // An empty line of data is some servers' way to keep the connection alive.
      if (state.ended || state.failure !== null || data === '') return;
      if (data === '[DONE]') {
        state.ended = true;
        return;
      }
      const chunk = asObject(parseJson(data));
      if (chunk === null) {
        state.skippedLines++;
        log.warn({ chars: data.length }, 'skipped a line of the stream that is no JSON object');
        return;
      }
      const isError = event === 'error' && !chunk['error'];
      const failed = answer.read(isError ? { error: chunk } : chunk, events);
      if (failed !== null) state.failure = readFailure(null, failed, response.headers, clock.now());
    },
    onError({ type }) {
      if (type === 'max-buffer-size-exceeded') state.failure = { code: 'bad_response', reason: type };
    },
  });

  /**
   * Resolves to whether there may be more. Nothing of what came outlives the call: held until the next read, that of a thousand
   * streams would pass for long-lived, and wait for a full collection.
   */
  async function readOn(from: ReadableStreamDefaultReader<Uint8Array>): Promise<boolean> {
    limit.restart();
    const { done, value } = await from.read();
    limit.pause();
    // At the end a last line without its line break still counts.
    parser.feed(done ? `${utf8.decode()}\n\n` : utf8.decode(value, { stream: true }));
    return !done;
  }

  try {
    yield [{ type: 'start', generationId: exchange.generationId }];
    let textReads = 0;
    for (let open = true; open && !state.ended; ) {
      if (textReads >= FIRST_READS) await pace.enter();
      try {
        open = await readOn(reader);
      } catch (cause) {
        signal.throwIfAborted();
        // The answer was whole; only the goodbye is missing.
        if (answer.finish !== null) break;
        limit.signal.throwIfAborted();
        throw exchange.fail({ code: 'cut_off', cause });
      }
      exchange.generationId = answer.generationId;
      if (events.length > 0) {
        textReads++;
        yield events;
        events = [];
      }
      if (state.failure !== null) throw exchange.fail(state.failure);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (!state.ended && answer.finish === null) throw exchange.fail({ code: 'cut_off' });
  yield [answer.done(state.skippedLines)];
}
