import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from './api-error.ts';
import type { Fault, Faults } from './faults.ts';
import { isJson, isWellFormed, type Json } from './json.ts';
import type { Method, MethodContext, Methods } from './method.ts';
import type { RateLimits } from './tiers.ts';

/** One call that the app made. */
export interface ApiRequest {
  readonly method: string;
  readonly args: Json;
  readonly atMs: number;
  /** `ok`, Slack's error, or the HTTP status; null while the call is under way. */
  outcome: string | null;
}

/** Refusals that mean that the app broke a documented size or form. */
const BROKEN_LIMITS = new Set([
  'msg_too_long',
  'msg_blocks_too_long',
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_arguments',
  'markdown_text_conflict',
  'no_text',
]);

/** Serves `/api/<method>`. */
export function createWebApi(options: {
  readonly methods: Methods;
  readonly context: MethodContext;
  readonly limits: RateLimits | null;
  readonly faults: Faults;
  readonly requests: ApiRequest[];
}): (method: string, request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { methods, context, limits, faults, requests } = options;

  return async (name, request, response) => {
    const args = await readArgs(request);
    const entry: ApiRequest = { method: name, args, atMs: context.clock.now(), outcome: null };
    requests.push(entry);
    const fail = async (fault: Fault['how'] | null): Promise<boolean> => {
      if (fault === null) return false;
      entry.outcome = fault.kind;
      return strike(fault, response);
    };
    if (await fail(faults.take(name, 'before', args))) return;

    let body: Json;
    try {
      const method = methods[name];
      if (method === undefined) {
        context.report({ kind: 'unknown-method', detail: name });
        throw new ApiError('unknown_method', { req_method: name });
      }
      authorize(method, args, request, context);
      const waitSec = limits?.take(name, method.tier, method.postsTo?.(args) ?? null) ?? null;
      if (waitSec !== null) {
        context.report({ kind: 'rate-limited', detail: name });
        entry.outcome = '429';
        return refuseForNow(response, waitSec);
      }
      body = { ok: true, ...method.handle(args, context) };
      entry.outcome = 'ok';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (BROKEN_LIMITS.has(error.code)) {
        context.report({
          kind: 'limit-broken',
          detail: `${name}: ${error.code} ${JSON.stringify(error.extra)}`,
        });
      }
      if (error.code === 'missing_scope') {
        context.report({ kind: 'missing-scope', detail: `${name}: ${String(error.extra['needed'])}` });
      }
      body = { ok: false, error: error.code, ...error.extra };
      entry.outcome = error.code;
    }
    if (await fail(faults.take(name, 'after', args))) return;
    response.setHeader('x-oauth-scopes', [...context.app.scopes].join(','));
    sendJson(response, 200, body);
  };
}

function authorize(method: Method, args: Json, request: IncomingMessage, context: MethodContext): void {
  const { app } = context;
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  if (token === undefined || token === '') throw new ApiError('not_authed');
  if (token !== app.botToken && token !== app.appToken) throw new ApiError('invalid_auth');
  if ((token === app.appToken) !== (method.token === 'app')) throw new ApiError('not_allowed_token_type');
  const needed = typeof method.scope === 'function' ? method.scope(args, context) : method.scope;
  if (needed !== null && !app.scopes.has(needed)) {
    throw new ApiError('missing_scope', { needed, provided: [...app.scopes].join(',') });
  }
}

/** Acts a fault out. Resolves to whether the call has thereby ended. */
async function strike(fault: Fault['how'], response: ServerResponse): Promise<boolean> {
  switch (fault.kind) {
    case 'hold':
      await fault.until;
      return false;
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'silence':
      return true;
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'text/html' }).end('<html>Server Error</html>');
      return true;
    case 'error':
      sendJson(response, 200, {
        ok: false,
        error: fault.error,
        ...(fault.messages && { response_metadata: { messages: fault.messages } }),
      });
      return true;
    case 'rate-limited':
      refuseForNow(response, fault.retryAfterSec);
      return true;
  }
}

function refuseForNow(response: ServerResponse, retryAfterSec: number): void {
  response.setHeader('retry-after', String(retryAfterSec));
  sendJson(response, 429, { ok: false, error: 'ratelimited' });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/** Arguments come as a form whose objects are JSON strings, or as JSON. */
async function readArgs(request: IncomingMessage): Promise<Json> {
  const text = (await readBody(request)).toString('utf8');
  if (request.headers['content-type']?.startsWith('application/json')) {
    const parsed: unknown = JSON.parse(text);
    return isJson(parsed) ? parsed : {};
  }
  return Object.fromEntries(
    [...new URLSearchParams(text)].map(([name, value]) => [name, unwrap(name, value)]),
  );
}

const STRUCTURED = new Set([
  'blocks',
  'chunks',
  'view',
  'prompts',
  'metadata',
  'files',
  'attachments',
  'loading_messages',
]);

function unwrap(name: string, value: string): unknown {
  if (!STRUCTURED.has(name)) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return isWellFormed(parsed) ? parsed : value;
  } catch {
    return value;
  }
}
