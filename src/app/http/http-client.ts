import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { createBackground } from '../../core/kit/scheduling/background.ts';
import { RequestUnsent } from '../../core/ports/request-unsent.ts';
import { type Proxies, readProxies } from './proxies.ts';

/**
 * Milliseconds of each turn of the event loop that may go to bodies and what becomes of them. If more text arrives than there
 * is CPU for, it waits, and platforms are still acknowledged in time. With 20, a thousand answers ended 2 to 5 s after their
 * models, with 100 after 0.6 s.
 */
const BODIES_BUDGET_MS = 100;

/**
 * A `fetch` for a process that streams a thousand answers. Reads nothing of a body before it is requested, so that data waits
 * in the system's buffers and is read at once; Node's own `fetch` reads ahead piece by piece. Follows no redirects, requests
 * no compression, and has no timeouts: use the signal. If nothing of a request was sent, rejects with `RequestUnsent`.
 */
export function createFetch(proxies: Proxies = {}): typeof fetch {
  const options = {
    // Pauses a connection as soon as one byte arrives unasked.
    connect: connectOptions({ highWaterMark: 1 }),
    // With HTTP/2 all streams would share one connection, which is untested here.
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const led = readProxies(proxies);
  const agent = led === null ? new Agent(options) : new EnvHttpProxyAgent({ ...options, ...led });

  return async (input, { method = 'GET', headers, body, signal } = {}) => {
    const { origin, pathname, search } = new URL(input instanceof Request ? input.url : input);
    const sent = await encode(headers, body ?? null);
    signal?.throwIfAborted();
    const answer = Promise.withResolvers<Response>();
    agent.dispatch(
      { origin, path: pathname + search, method: method as Dispatcher.HttpMethod, ...sent },
      new Call(signal ?? null, answer),
    );
    return answer.promise;
  };
}

/** Options that undici passes to `net.connect` and `tls.connect`; its types omit those of readable streams. */
function connectOptions(options: { readonly highWaterMark: number }): object {
  return options;
}

async function encode(given: RequestInit['headers'], body: RequestInit['body'] | null) {
  const headers: Record<string, string> = {
    // Firewalls of some providers reject requests without a user agent.
    'user-agent': 'Parley',
    ...Object.fromEntries(new Headers(given)),
    'accept-encoding': 'identity',
  };
  if (body === null) return { headers, body };
  // A copy instead of a slice of a pool, because undici keeps it as long as the answer streams.
  if (typeof body === 'string') return { headers, body: new TextEncoder().encode(body) };
  const encoded = new Response(body);
  const type = encoded.headers.get('content-type');
  if (type !== null) headers['content-type'] ??= type;
  return { headers, body: await encoded.bytes() };
}

const handInTurn = createBackground<Call>(BODIES_BUDGET_MS, (call) => call.hand());

/** A request, and the source of its response's body, of which nothing is read before it is requested. */
class Call implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal | null;
  readonly #answer: PromiseWithResolvers<Response>;
  /** Null until undici is about to write the request to a connection. */
  #connection: Dispatcher.DispatchController | null = null;
  /** Null until the headers are in. */
  #reader: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Data that arrived and is not handed on yet. */
  #parts: Buffer[] = [];
  /** Whether a reader waits for more. */
  #isWanted = false;
  #isDue = false;
  #hasArrived = false;
  /** The fault with which the body ended; null if there was none. */
  #error: unknown = null;
  /** Whether everything is handed on, or nothing more is wanted. */
  #isOver = false;

  constructor(signal: AbortSignal | null, answer: PromiseWithResolvers<Response>) {
    this.#signal = signal;
    this.#answer = answer;
    signal?.addEventListener('abort', this.#abandon, { once: true });
  }

  readonly #abandon = (): void => {
    if (this.#isOver) return;
    this.#stop();
    const reason = this.#signal?.reason;
    this.#answer.reject(reason);
    this.#reader?.error(reason);
    this.#connection?.abort(reason);
  };

  #stop(): void {
    this.#isOver = true;
    this.#parts = [];
    this.#signal?.removeEventListener('abort', this.#abandon);
  }

  onRequestStart(connection: Dispatcher.DispatchController): void {
    this.#connection = connection;
    if (this.#isOver) connection.abort(this.#signal?.reason);
  }

  onResponseStart(
    connection: Dispatcher.DispatchController,
    status: number,
    given: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const headers = Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]);
    const isEmpty = status === 204 || status === 205 || status === 304;
    if (isEmpty) this.#stop();
    else connection.pause();
    // They pin what arrived with them: 3 kB for as long as the answer streams.
    connection.rawHeaders = null;
    const body = isEmpty ? null : new ReadableStream(this, { highWaterMark: 0 });
    this.#answer.resolve(new Response(body, { status, headers }));
  }

  onResponseData(_: Dispatcher.DispatchController, part: Buffer): void {
    if (this.#isOver) return;
    this.#parts.push(part);
    this.#handSoon();
  }

  onResponseEnd(): void {
    this.#end();
  }

  #end(): void {
    this.#hasArrived = true;
    this.#handSoon();
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#error =
      this.#connection === null
        ? new RequestUnsent('fetch failed', { cause })
        : new TypeError(this.#reader === null ? 'fetch failed' : 'terminated', { cause });
    this.#answer.reject(this.#error);
    if (this.#reader === null) this.#stop();
    else this.#end();
  }

  /** From here to `cancel`: the source of the body's stream. */
  start(reader: ReadableStreamDefaultController<Uint8Array>): void {
    this.#reader = reader;
  }

  pull(): void {
    this.#isWanted = true;
    // A new list: one that grew old would keep what is added to it until the next full collection, each part with all that
    // came with it.
    this.#parts = [...this.#parts];
    if (!this.#hasArrived) this.#connection?.resume();
    if (this.#hasArrived || this.#parts.length > 0) this.#handSoon();
  }

  cancel(): void {
    this.#stop();
    // Lets the end arrive, after which the connection can serve the next request.
    if (!this.#hasArrived) this.#connection?.resume();
    if (!this.#hasArrived) this.#connection?.abort(new Error('read enough'));
  }

  /** Everything that has arrived is here before this turn of the event loop ends. */
  #handSoon(): void {
    if (!this.#isDue) handInTurn(this);
    this.#isDue = true;
  }

  /** Hands on what has arrived, if it is wanted, and behind it the end. */
  hand(): void {
    this.#isDue = false;
    if (this.#isOver || !this.#isWanted) return;
    if (this.#parts.length > 0) {
      this.#isWanted = false;
      // Otherwise what comes next would be cut into its events at once, with 100 bytes for each besides its own 230.
      this.#connection?.pause();
      this.#reader?.enqueue(Buffer.concat(this.#parts));
      this.#parts = [];
    }
    if (!this.#hasArrived) return;
    this.#stop();
    if (this.#error === null) this.#reader?.close();
    else this.#reader?.error(this.#error);
  }
}
