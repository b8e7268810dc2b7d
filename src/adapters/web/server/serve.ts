import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Login } from '../../../http/login.ts';
import { Refused, readJson, sendJson } from '../../../http/requests.ts';
import { requireSameOrigin, setSecurityHeaders } from '../../../http/same-origin.ts';
import { loginSchema, type Problem } from '../wire.ts';
import type { Endpoint } from './api.ts';
import { type Asset, createAssets } from './assets.ts';

const BASE = '/playground/';

export interface HandlerOptions {
  /** The page's API; null while the adapter starts or stops. */
  api(): ReadonlyMap<string, Endpoint> | null;
  /** Asks for `ADMIN_TOKEN`; undefined if none is needed. */
  readonly login: Login | undefined;
  readonly log: Logger;
}

/** Handles each request to the playground: its page and the page's API. Refuses other sites' pages. */
export function createHandler({ api, login, log }: HandlerOptions) {
  const assets = createAssets();
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
    if (url.pathname === '/' || `${url.pathname}/` === BASE) {
      response.writeHead(302, { location: BASE, 'content-length': 0 }).end();
      return;
    }
    if (!url.pathname.startsWith(BASE)) throw new Refused(404, 'Not found.');
    const path = url.pathname.slice(BASE.length);
    if (path.startsWith('api/')) return await serveApi(path.slice('api/'.length), url, request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new Refused(405, 'Only GET is allowed here.');
    const asset = await assets.read(path);
    if (asset === undefined) throw new Refused(404, 'Not found.');
    sendAsset(request, response, asset);
  }

  async function serveApi(
    name: string,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const endpoints = api();
    if (endpoints === null) throw new Refused(503, 'Parley is starting or stopping.');
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
    const endpoint = endpoints.get(key);
    if (endpoint === undefined) throw new Refused(404, 'Not found.');
    await endpoint(request, response, url.searchParams);
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await serve(request, response);
    } catch (error) {
      const { status, message } =
        error instanceof Refused
          ? error
          : new Refused(500, 'Something went wrong. The server’s log has the details.');
      if (!(error instanceof Refused)) log.error({ err: error }, 'a request to the playground failed');
      if (response.headersSent) return void response.destroy();
      // The unread rest of a refused body would be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close');
      const problem: Problem = { problem: message };
      sendJson(response, status, problem);
    }
  };
}

function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  { body, mediaType, etag }: Asset,
): void {
  const headers = { etag, 'cache-control': 'no-cache' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': mediaType, 'content-length': body.byteLength });
  response.end(request.method === 'HEAD' ? undefined : body);
}
