import type { Dispatcher } from 'undici';
// Of undici only the dispatcher. All of it takes 45 ms of a start and 13 MB, most of it for the `fetch` that Node has too.
import Agent from 'undici/lib/dispatcher/agent.js';
import { createBackground } from '../../core/kit/scheduling/background.ts';
import type {
  BodyReader,
  Fetch,
  FetchBody,
  FetchHeaders,
  FetchInit,
  FetchResponse,
} from '../../core/ports/fetch.ts';
import { RequestUnsent } from '../../core/ports/request-unsent.ts';
import { createProxyDispatcher, type Proxies, readProxies } from './proxies.ts';

/**
 * Milliseconds of each turn of the event loop that may go to bodies and what becomes of them. If more text arrives than there
 * is CPU for, it waits, and platforms are still acknowledged in time. With 20, a thousand answers ended 2 to 5 s after their
 * models, with 100 after 0.6 s.
 */
const BODIES_BUDGET_MS = 100;

/**
 * A `fetch` for a process that streams a thousand answers. Reads nothing of a body before it is requested, so that data waits
 * in the system's buffers and is read at once; Node's own `fetch` reads ahead piece by piece. Its responses have no streams,
 * each of which would take 2.5 kB for as long as an answer streams. Follows no redirects, requests no compression, and has no
 * timeouts: use the signal.
 */
export function createFetch(proxies: Proxies = {}): Fetch {
  const options = {
    // Pauses a connection as soon as one byte arrives unasked.
    connect: connectOptions({ highWaterMark: 1 }),
    // With HTTP/2 all streams would share one connection, which is untested here.
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const led = readProxies(proxies);
  const agent = led === null ? new Agent(options) : createProxyDispatcher({ ...options, ...led });

  return async (url, { method = 'GET', headers, body, signal } = {}) => {
    const { origin, pathname, search } = new URL(url);
    const sent = await encode(headers, body ?? null);
    signal?.throwIfAborted();
    const answer = Promise.withResolvers<FetchResponse>();
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

async function encode(given: FetchInit['headers'] = {}, body: NonNullable<FetchInit['body']> | null) {
  const headers: Record<string, string> = {
    // Firewalls of some providers reject requests without a user agent.
    'user-agent': 'Parley',
  };
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value;
  headers['accept-encoding'] = 'identity';
  if (body === null || body instanceof Uint8Array) return { headers, body };
  // A copy instead of a slice of a pool, because undici keeps it as long as the answer streams.
  if (typeof body === 'string') return { headers, body: new TextEncoder().encode(body) };
  const form = new Response(body);
  const type = form.headers.get('content-type');
  if (type !== null) headers['content-type'] ??= type;
  return { headers, body: await form.bytes() };
}

const handInTurn = createBackground<Call>(BODIES_BUDGET_MS, (call) => call.hand());

type BodyRead = Awaited<ReturnType<BodyReader['read']>>;

/** A request, and the body of its response, of which nothing is read before it is requested. */
class Call implements Dispatcher.DispatchHandler, FetchBody, BodyReader {
  readonly #signal: AbortSignal | null;
  readonly #answer: PromiseWithResolvers<FetchResponse>;
  /** Null until there is a connection. */
  #connection: Dispatcher.DispatchController | null = null;
  #isAnswered = false;
  /** Data that arrived and is not handed on yet. */
  #parts: Buffer[] = [];
  /** Null unless somebody waits for more. */
  #demand: PromiseWithResolvers<BodyRead> | null = null;
  #isDue = false;
  #hasArrived = false;
  /** The fault with which the body ended; null if there was none. */
  #error: unknown = null;
  /** Whether everything is handed on, or nothing more is wanted. */
  #isOver = false;

  constructor(signal: AbortSignal | null, answer: PromiseWithResolvers<FetchResponse>) {
    this.#signal = signal;
    this.#answer = answer;
    signal?.addEventListener('abort', this.#abandon, { once: true });
  }

  readonly #abandon = (): void => {
    if (this.#isOver) return;
    this.#stop();
    const reason = this.#signal?.reason;
    this.#error = reason;
    this.#answer.reject(reason);
    this.#finish();
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

  onResponseStart(connection: Dispatcher.DispatchController, status: number, headers: HeaderValues): void {
    if (status < 200) return;
    const isEmpty = status === 204 || status === 205 || status === 304;
    if (isEmpty) this.#stop();
    else connection.pause();
    // They pin what arrived with them: 3 kB for as long as the answer streams.
    connection.rawHeaders = null;
    this.#isAnswered = true;
    this.#answer.resolve(new Received(status, headers, isEmpty ? null : this));
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
    if (this.#isOver) return;
    this.#error =
      this.#connection === null
        ? new RequestUnsent('fetch failed', { cause })
        : new TypeError(this.#isAnswered ? 'terminated' : 'fetch failed', { cause });
    this.#answer.reject(this.#error);
    if (this.#isAnswered) this.#end();
    else this.#stop();
  }

  getReader(): BodyReader {
    return this;
  }

  read(): Promise<BodyRead> {
    const demand = Promise.withResolvers<BodyRead>();
    this.#demand = demand;
    // A new list: one that grew old would keep what is added to it until the next full collection, each part with all that
    // came with it.
    this.#parts = [...this.#parts];
    if (this.#isOver) this.#finish();
    else if (!this.#hasArrived) this.#connection?.resume();
    if (this.#hasArrived || this.#parts.length > 0) this.#handSoon();
    return demand.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    try {
      for (let part = await this.read(); !part.done; part = await this.read()) yield part.value;
    } finally {
      await this.cancel();
    }
  }

  async cancel(): Promise<void> {
    this.#stop();
    this.#finish();
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
    if (this.#isOver || this.#demand === null) return;
    if (this.#parts.length > 0) {
      const { resolve } = this.#demand;
      this.#demand = null;
      // Otherwise what comes next would be cut into its events at once, with 100 bytes for each besides its own 230.
      this.#connection?.pause();
      resolve({ done: false, value: Buffer.concat(this.#parts) });
      this.#parts = [];
    }
    if (!this.#hasArrived) return;
    this.#stop();
    this.#finish();
  }

  /** Tells whoever waits for more that nothing comes. */
  #finish(): void {
    if (this.#error === null) this.#demand?.resolve({ done: true, value: undefined });
    else this.#demand?.reject(this.#error);
    this.#demand = null;
  }
}

class Received implements FetchResponse {
  readonly status: number;
  readonly headers: FetchHeaders;
  readonly body: FetchBody | null;

  constructor(status: number, headers: HeaderValues, body: FetchBody | null) {
    this.status = status;
    this.headers = new ReceivedHeaders(headers);
    this.body = body;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  async text(): Promise<string> {
    const utf8 = new TextDecoder();
    let text = '';
    for await (const part of this.body ?? []) text += utf8.decode(part, { stream: true });
    return text + utf8.decode();
  }
}

/** By name in lower case. */
type HeaderValues = Readonly<Record<string, string | string[] | undefined>>;

class ReceivedHeaders implements FetchHeaders {
  readonly #values: HeaderValues;

  constructor(values: HeaderValues) {
    this.#values = values;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    return Object.hasOwn(this.#values, key) ? String(this.#values[key]) : null;
  }

  *entries(): Generator<[string, string], void, void> {
    for (const [name, value] of Object.entries(this.#values)) yield [name, String(value)];
  }
}
