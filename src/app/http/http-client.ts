import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { createBackground } from '../../core/kit/background.ts';
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
 * no compression, and has no timeouts: use the signal.
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
    return new Promise((resolve, reject) => {
      const handler = createHandler(signal ?? null, resolve, reject);
      agent.dispatch(
        { origin, path: pathname + search, method: method as Dispatcher.HttpMethod, ...sent },
        handler,
      );
    });
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

const handInTurn = createBackground<() => void>(BODIES_BUDGET_MS, (hand) => hand());

function createHandler(
  signal: AbortSignal | null,
  resolve: (response: Response) => void,
  reject: (reason: unknown) => void,
): Dispatcher.DispatchHandler {
  /** Null until there is a connection. */
  let call: Dispatcher.DispatchController | null = null;
  /** Null until the headers are in. */
  let body: Body | null = null;
  /** Whether everything is handed on, or nothing more is wanted. */
  let isOver = false;

  function finish(): void {
    isOver = true;
    signal?.removeEventListener('abort', abandon);
  }

  function abandon(): void {
    if (isOver) return;
    finish();
    reject(signal?.reason);
    body?.abandon(signal?.reason);
    call?.abort(signal?.reason);
  }

  signal?.addEventListener('abort', abandon, { once: true });
  return {
    onRequestStart(controller) {
      call = controller;
      if (isOver) controller.abort(signal?.reason);
    },
    onResponseStart(controller, status, given) {
      if (status < 200) return;
      const headers = Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]);
      if (status === 204 || status === 205 || status === 304) {
        finish();
        return resolve(new Response(null, { status, headers }));
      }
      controller.pause();
      // They pin what arrived with them: 3 kB for as long as the answer streams.
      controller.rawHeaders = null;
      body = createBody(controller, finish);
      resolve(new Response(body.stream, { status, headers }));
    },
    onResponseData(_, part) {
      body?.add(part);
    },
    onResponseEnd() {
      body?.end();
    },
    onResponseError(_, cause) {
      const error = new TypeError(body === null ? 'fetch failed' : 'terminated', { cause });
      reject(error);
      if (body === null) finish();
      else body.end(error);
    },
  };
}

type Body = ReturnType<typeof createBody>;

/** A response's body, of which nothing is read before it is requested. Calls `finish` once nothing more is handed on. */
function createBody(call: Dispatcher.DispatchController, finish: () => void) {
  let reader: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Data that arrived and is not handed on yet. */
  let parts: Buffer[] = [];
  /** Whether a reader waits for more. */
  let isWanted = false;
  let isDue = false;
  /** Closes or fails the stream once all parts are handed on; null until everything has arrived. */
  let close: (() => void) | null = null;
  let isOver = false;

  function stop(): void {
    isOver = true;
    parts = [];
    finish();
  }

  function hand(): void {
    if (isOver || !isWanted) return;
    if (parts.length > 0) {
      isWanted = false;
      // Otherwise what comes next would be cut into its events at once, with 100 bytes for each besides its own 230.
      call.pause();
      reader?.enqueue(Buffer.concat(parts));
      parts = [];
    }
    if (close === null) return;
    stop();
    close();
  }

  /** Everything that has arrived is here before this turn of the event loop ends. */
  function handSoon(): void {
    if (isDue) return;
    isDue = true;
    handInTurn(() => {
      isDue = false;
      hand();
    });
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        reader = controller;
      },
      pull() {
        isWanted = true;
        if (close === null) call.resume();
        if (close !== null || parts.length > 0) handSoon();
      },
      cancel() {
        stop();
        // Lets the end arrive, after which the connection can serve the next request.
        if (close === null) call.resume();
        if (close === null) call.abort(new Error('read enough'));
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    add(part: Buffer) {
      if (isOver) return;
      parts.push(part);
      handSoon();
    },
    end(error?: unknown) {
      close = () => (error === undefined ? reader?.close() : reader?.error(error));
      handSoon();
    },
    abandon(reason: unknown) {
      stop();
      reader?.error(reason);
    },
  };
}
