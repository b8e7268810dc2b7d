import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { CollectionStore } from '../../core/coordination/collection.ts';
import type { Clock } from '../../core/kit/clock.ts';
import { createRunning } from '../../core/kit/tasks.ts';
import type { Adapter, Route } from '../../core/ports/adapter.ts';
import type { Login } from '../../http/login.ts';
import { Refused, readJson, sendJson } from '../../http/requests.ts';
import { requireSameOrigin, setSecurityHeaders } from '../../http/same-origin.ts';
import { createApi, type Endpoint } from './server/api.ts';
import { type Asset, createAssets } from './server/assets.ts';
import type { PlaygroundHost } from './server/host.ts';
import { PEOPLE } from './server/people.ts';
import { createRoom } from './server/room.ts';
import { reopenWebSurface, tellAdmins } from './server/surface.ts';
import { createUploads } from './server/uploads.ts';
import { loginSchema, type Problem } from './wire.ts';

export interface WebAdapterOptions {
  readonly host: PlaygroundHost;
  /** Stores the playground's own messages. */
  readonly store: CollectionStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** If present, the page asks for `ADMIN_TOKEN` before it shows anything. */
  readonly login?: Login;
  /** The largest file that a person can attach, in bytes. */
  readonly maxFileBytes: number;
  /** How long attached files are kept, in milliseconds. */
  readonly retentionMs: number;
}

const BASE = '/playground/';

/** The playground: a team chat in the browser for one person in three roles, on the same core as Discord and Slack. */
export function createWebAdapter(options: WebAdapterOptions): Adapter {
  const { host, store, clock, log, login, maxFileBytes, retentionMs } = options;
  const room = createRoom(store, clock, log);
  const uploads = createUploads(store, retentionMs);
  const assets = createAssets();
  const stopping = new AbortController();
  const running = createRunning();
  let api: ReadonlyMap<string, Endpoint> | undefined;

  const policy = [
    `script-src 'self' '${assets.scriptHash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html dompurify',
  ];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response, policy);
    requireSameOrigin(request, login !== undefined);
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    if (url === null) throw new Refused(400, 'Invalid address.');
    if (url.pathname === '/' || `${url.pathname}/` === BASE) return redirect(response, BASE);
    if (!url.pathname.startsWith(BASE)) throw new Refused(404, 'Not found.');
    const path = url.pathname.slice(BASE.length);
    if (path.startsWith('api/')) return await serveApi(path.slice('api/'.length), url, request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new Refused(405, 'Only GET is allowed here.');
    const asset = path === '' ? assets.index : await assets.read(path);
    if (asset === undefined) throw new Refused(404, 'Not found.');
    sendAsset(request, response, asset);
  }

  async function serveApi(
    name: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (api === undefined || stopping.signal.aborted)
      throw new Refused(503, 'Parley is starting or stopping.');
    const key = `${request.method} ${name}`;
    if (key === 'POST login') {
      if (login === undefined) throw new Refused(404, 'This playground needs no token.');
      const { token } = await readJson(request, loginSchema);
      response.setHeader('set-cookie', login.openSession(token, request));
      return sendJson(response, 200, {});
    }
    if (login?.hasSession(request) === false) {
      throw new Refused(401, 'Log in with the ADMIN_TOKEN of this installation.');
    }
    const endpoint = api.get(key);
    if (endpoint === undefined) throw new Refused(404, 'Not found.');
    await endpoint(request, response, url.searchParams);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await serve(request, response);
    } catch (error) {
      if (!(error instanceof Refused)) log.error({ err: error }, 'a request to the playground failed');
      if (response.headersSent) return void response.destroy();
      // The unread rest of a refused body would be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close');
      const problem: Problem =
        error instanceof Refused
          ? { problem: error.message }
          : { problem: 'Something went wrong. The server’s log has the details.' };
      sendJson(response, error instanceof Refused ? error.status : 500, problem);
    }
  }

  const routes: readonly Route[] = ['/', '/playground', BASE].map((path) => ({ path, handle }));

  return {
    platform: 'web',
    routes,
    people: PEOPLE,
    guildNames: () => new Map([['web:local', 'Playground']]),
    async start(dispatch) {
      await room.load();
      const run = (work: Promise<void>) => running.add(work.finally(() => room.touchStatus()));
      const { signal } = stopping;
      api = createApi({ room, uploads, host, dispatch, run }, { clock, maxFileBytes, login, signal });
    },
    ready: () => api !== undefined && !stopping.signal.aborted,
    readFile: (reference) => uploads.read(reference),
    tellAdmins: (_guild, notice, signal) => tellAdmins(room, notice, signal),
    reopen: async (lost) => reopenWebSurface(room, lost),
    async stop() {
      stopping.abort();
      await running.settled();
    },
  };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'content-length': 0 });
  response.end();
}

function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  { body, mediaType, etag }: Asset,
): void {
  const headers = { etag, 'cache-control': 'no-cache' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': mediaType, 'content-length': body.byteLength });
  response.end(request.method === 'HEAD' ? undefined : body);
}
