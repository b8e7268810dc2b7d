import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import {
  DONE,
  errorChunk,
  type FakeUsage,
  finishChunk,
  GENERATION_ID,
  MODEL,
  textChunk,
  usageChunk,
} from './chunks.ts';
import { type Dialect, refusalOf } from './strict-bodies.ts';

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; null for a GET. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
  readonly body: any;
  /** Resolves when the connection of this request is closed, and says whether the answer had been sent to its end. */
  readonly closed: Promise<'finished' | 'aborted'>;
}

/** Answers one request; a reply that returns before it ends the response goes on by its own means. */
export type Reply = (response: ServerResponse, request: RecordedRequest) => void | Promise<void>;

/** An answer that the test gives by hand, piece by piece. */
export interface LiveAnswer {
  /** Resolves with the request as soon as it is there. Headers are out by then. */
  readonly request: Promise<RecordedRequest>;
  /** Streams a piece of text. */
  text(content: string): Promise<void>;
  /** Writes bytes as they are. */
  raw(bytes: string | Uint8Array): Promise<void>;
  /** Ends the answer in good order. */
  finish(usage?: FakeUsage): Promise<void>;
  /** Reports an error inside the stream, and ends it. */
  fail(code?: number | string, errorType?: string): Promise<void>;
  /** Cuts the connection. */
  drop(): Promise<void>;
}

export interface FakeProvider {
  /** Base URL for a provider definition. */
  readonly url: string;
  /** Every request so far, refused ones included. */
  readonly requests: readonly RecordedRequest[];
  /** Chat requests alone. */
  readonly chats: readonly RecordedRequest[];
  /** Queues replies to the next chat requests, one each. */
  script(...replies: Reply[]): void;
  /** Queues a whole answer: a text in one piece, or word by word. */
  answer(text: string | readonly string[], usage?: FakeUsage): void;
  /** Forgets the replies that are queued and were not asked for. */
  unscript(): void;
  /** The next chat request is answered by hand. */
  live(): LiveAnswer;
  close(): Promise<void>;
}

export interface FakeProviderOptions {
  /** Refuses bodies that this kind of server would refuse (default `openrouter`). */
  readonly dialect?: Dialect;
  /** Refuses every other key with 401; without it any key will do, and none. */
  readonly keys?: readonly string[];
  /** The entries of `GET /models`. */
  readonly models?: readonly unknown[];
  /** Fields of `GET /key`, laid over those of a key without a limit. */
  readonly keyFacts?: object;
  /** Responses of `GET /generation`, by generation id. */
  readonly generations?: Readonly<Record<string, object>>;
}

const USAGE: FakeUsage = { prompt_tokens: 12, completion_tokens: 34, cost: 0.000_021 };

/**
 * An OpenAI-compatible server on loopback. A chat request for which nothing is queued is refused with 400, so that a
 * test notices it. Streams are flushed piece by piece.
 */
export async function createFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const { dialect = 'openrouter', keys, models = [], generations = {}, keyFacts } = options;
  const requests: RecordedRequest[] = [];
  const replies: Reply[] = [];

  const server = createServer(async (incoming, response) => {
    const rawBody = await readText(incoming);
    const closed = new Promise<'finished' | 'aborted'>((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'finished' : 'aborted'));
    });
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const request: RecordedRequest = {
      method: incoming.method ?? '',
      path: url.pathname + url.search,
      headers: incoming.headers,
      body: rawBody === '' ? null : JSON.parse(rawBody),
      closed,
    };
    requests.push(request);

    const key = incoming.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const isPublic = dialect === 'openrouter' && url.pathname === '/v1/models';
    if (keys && !isPublic && !keys.includes(key)) {
      return json(401, { error: { code: 401, message: 'No auth credentials found' } })(response, request);
    }
    return route(url, request)(response, request);
  });

  function route(url: URL, request: RecordedRequest): Reply {
    switch (`${request.method} ${url.pathname}`) {
      case 'POST /v1/chat/completions': {
        const refusal = refusalOf(dialect, request.body);
        if (refusal !== null) return json(400, { error: { code: 400, message: refusal } });
        return replies.shift() ?? json(400, { error: { code: 400, message: 'the test queued no reply' } });
      }
      case 'GET /v1/models':
        return json(200, { object: 'list', data: models });
      case 'GET /v1/key':
        return json(200, { data: { label: 'sk-or-v1-abc...123', limit: null, usage: 0, ...keyFacts } });
      case 'GET /v1/generation': {
        const id = url.searchParams.get('id') ?? '';
        const generation = generations[id];
        return generation === undefined
          ? json(404, { error: { code: 404, message: 'Generation not found' } })
          : json(200, { data: { id, ...generation } });
      }
      default:
        return json(404, { error: { code: 404, message: 'Not found' } });
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    get chats() {
      return requests.filter(({ path }) => path === '/v1/chat/completions');
    },
    script(...more) {
      replies.push(...more);
    },
    answer(text, usage) {
      replies.push(answer(text, usage));
    },
    unscript() {
      replies.length = 0;
    },
    live() {
      const { promise, resolve } = Promise.withResolvers<[ServerResponse, RecordedRequest]>();
      replies.push((response, request) => {
        startStream(response);
        resolve([response, request]);
      });
      const write = async (bytes: string | Uint8Array) => {
        const [response] = await promise;
        response.write(bytes);
      };
      return {
        request: promise.then(([, request]) => request),
        text: (content) => write(textChunk(content)),
        raw: write,
        async finish(usage = USAGE) {
          const [response] = await promise;
          response.end(finishChunk() + usageChunk(usage) + DONE);
        },
        async fail(code = 502, errorType) {
          const [response] = await promise;
          response.end(errorChunk(code, errorType));
        },
        async drop() {
          const [response] = await promise;
          response.destroy();
        },
      };
    },
    close() {
      return new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
    },
  };
}

/** A whole answer, as a stream or in one piece, as the request asks for it. */
export function answer(text: string | readonly string[], usage: FakeUsage = USAGE): Reply {
  const pieces = typeof text === 'string' ? [text] : text;
  return (response, request) => {
    if (request.body?.stream === true) {
      startStream(response);
      for (const piece of pieces) response.write(textChunk(piece));
      response.end(finishChunk() + usageChunk(usage) + DONE);
      return;
    }
    const message = { role: 'assistant', content: pieces.join('') };
    const body = {
      id: GENERATION_ID,
      model: MODEL,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    };
    return json(200, body, { 'x-generation-id': GENERATION_ID })(response, request);
  };
}

/** A JSON body with a status: errors, and answers in one piece. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return raw(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

/** A body as it is. */
export function raw(status: number, body: string | Uint8Array, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** A stream of the given pieces, ended after the last one whatever they say. */
export function stream(...pieces: (string | Uint8Array)[]): Reply {
  return (response) => {
    startStream(response);
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}

/** Takes the request and says nothing, not even headers. */
export const silence: Reply = () => {};

/** Cuts the connection: before the headers, or after the given pieces of a stream. */
export function drop(...pieces: (string | Uint8Array)[]): Reply {
  return (response) => {
    if (pieces.length === 0) {
      response.destroy();
      return;
    }
    startStream(response);
    for (const piece of pieces.slice(0, -1)) response.write(piece);
    response.write(pieces.at(-1), () => response.destroy());
  };
}

function startStream(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-generation-id': GENERATION_ID,
  });
  response.flushHeaders();
}
