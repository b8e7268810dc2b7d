import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Buckets } from './buckets.ts';
import { ApiError, apiError } from './errors.ts';
import type { Fault, Faults } from './faults.ts';
import type { Call, Match } from './router.ts';
import type { Attachment, World } from './world.ts';

/** A request as it came in, and what was answered. */
export interface SeenRequest {
  readonly method: string;
  /** Without `/api/v10`. */
  readonly path: string;
  readonly body: unknown;
  readonly atMs: number;
  /** 0 while it is under way, and where the connection was reset. */
  status: number;
}

interface Answer {
  readonly status: number;
  readonly body: object | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

const PREFIX = '/api/v10';

export function createRestServer(options: {
  world: World;
  match: (method: string, path: string) => Match | null;
  buckets: Buckets;
  faults: Faults;
  requests: SeenRequest[];
  violate: (text: string) => void;
  changed: () => void;
}): Server {
  const { world, faults, requests, violate, changed } = options;

  /** Everything up to the answer: the limits, the token, the route. */
  function serve(
    method: string,
    path: string,
    call: Omit<Call, 'params'>,
    token: string | undefined,
  ): Answer {
    const { headers, refused } = options.buckets.take(method, path);
    if (refused) {
      violate(`429 (${refused.scope}): ${method} ${path}`);
      return {
        ...rateLimited(refused.retryAfterMs, refused.scope),
        headers: { ...headers, ...retryAfter(refused.retryAfterMs) },
      };
    }
    try {
      const match = options.match(method, path);
      if (!match) throw apiError('notFound');
      if (match.route.bot && token !== `Bot ${world.application.token}`) throw apiError('unauthorized');
      if (!match.route.bot && token !== undefined)
        violate(`a token where the path has one: ${method} ${path}`);
      if (call.files.some(({ bytes }) => bytes.length > world.uploadLimit.bytes))
        throw apiError('requestTooLarge');
      const body = match.route.handle({ ...call, params: match.params });
      return { status: body === undefined ? 204 : 200, body, headers };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 50035) violate(`50035: ${method} ${path} ${JSON.stringify(error.body)}`);
      if (error.code === 40060) violate(`acknowledged twice: ${method} ${path}`);
      return { status: error.status, body: error.body, headers };
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://discord');
    const method = request.method ?? 'GET';
    const path = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : url.pathname;
    if (path.startsWith('/attachments/')) return sendFile(url, response);
    const { body, files } = await readBody(request, world);
    const seen: SeenRequest = { method, path, body, atMs: world.clock.now(), status: 0 };
    requests.push(seen);

    const fault = faults.take(method, path);
    if (fault?.kind === 'hold' && fault.when === 'before') await fault.until;
    const instead = fault === undefined ? undefined : answerOf(fault);
    if (instead === 'reset' && isBefore(fault)) {
      request.socket.destroy();
      return;
    }
    let answer =
      instead !== undefined && instead !== 'reset' && isBefore(fault)
        ? instead
        : serve(method, path, { query: url.searchParams, body, files }, request.headers.authorization);
    changed();
    if (fault?.kind === 'hold' && fault.when === 'after') await fault.until;
    if (!isBefore(fault) && instead === 'reset') {
      request.socket.destroy();
      return;
    }
    if (!isBefore(fault) && instead !== undefined && instead !== 'reset') answer = instead;

    seen.status = answer.status;
    response.writeHead(answer.status, {
      ...answer.headers,
      ...(answer.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    changed();
  }

  /** The CDN takes no token, but a signature, and serves its files until that expires. */
  function sendFile(url: URL, response: ServerResponse): void {
    const id = url.pathname.split('/')[3] ?? '';
    const attached = [...world.messages.values()].flatMap(({ attachments, forwards }) => [
      ...attachments,
      ...(forwards?.attachments ?? []),
    ]);
    const file = world.uploads.get(id) ?? attached.find((each) => each.id === id);
    const isSigned = url.searchParams.get('ex') === world.cdn.signature;
    if (file === undefined || !isSigned || world.cdn.isEmpty) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': file.contentType, 'Content-Length': file.bytes.length });
    response.end(file.bytes);
  }

  return createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violate(`the fake failed: ${error instanceof Error ? error.stack : String(error)}`);
      response.destroy();
    });
  });
}

function isBefore(fault: Fault | undefined): boolean {
  return fault !== undefined && !('when' in fault && fault.when === 'after');
}

function answerOf(fault: Fault): Answer | 'reset' | undefined {
  switch (fault.kind) {
    case 'hold':
      return undefined;
    case 'reset':
      return 'reset';
    case 'status':
      return { status: fault.status, body: { message: `${fault.status}: Injected`, code: 0 } };
    case 'refuse':
      return apiError(fault.error);
    case 'block':
      return { status: 429, body: { message: 'You are being blocked from accessing our API.', code: 0 } };
    case 'rate-limit':
      return rateLimited(fault.retryAfterMs, fault.scope);
  }
}

function rateLimited(retryAfterMs: number, scope: 'user' | 'shared' | 'global'): Answer {
  return {
    status: 429,
    headers: {
      ...retryAfter(retryAfterMs),
      'X-RateLimit-Scope': scope,
      ...(scope === 'global' ? { 'X-RateLimit-Global': 'true' } : {}),
    },
    body: {
      message: 'You are being rate limited.',
      retry_after: retryAfterMs / 1000,
      global: scope === 'global',
    },
  };
}

/** The header is in whole seconds, rounded up; the body is exact. */
function retryAfter(ms: number): Record<string, string> {
  return { 'Retry-After': String(Math.ceil(ms / 1000)) };
}

async function readBody(
  request: IncomingMessage,
  world: World,
): Promise<{ body: unknown; files: Attachment[] }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) {
    return { body: bytes.length === 0 ? undefined : JSON.parse(bytes.toString()), files: [] };
  }
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const body = JSON.parse(String(form.get('payload_json') ?? '{}')) as {
    attachments?: { id: string | number; description?: string }[];
  };
  const files: Attachment[] = [];
  for (const [key, value] of form) {
    const index = /^files\[(\d+)\]$/.exec(key)?.[1];
    if (index === undefined || typeof value === 'string') continue;
    const described = body.attachments?.find((each) => String(each.id) === index);
    files.push({
      id: world.nextId(),
      filename: value.name,
      contentType: value.type,
      description: described?.description ?? null,
      bytes: new Uint8Array(await value.arrayBuffer()),
    });
  }
  return { body, files };
}
