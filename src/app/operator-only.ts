import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refused } from '../adapters/web/server/http.ts';
import { admit } from '../adapters/web/server/same-origin.ts';
import type { Route } from '../core/ports/adapter.ts';

/** The route for its operator alone: by `ADMIN_TOKEN` as a bearer, or where none is set from this machine, unforwarded. */
export function forOperator(route: Route, adminToken: string | undefined): Route {
  return {
    path: route.path,
    handle(request, response) {
      if (isOperators(request, adminToken)) return route.handle(request, response);
      const remedy =
        adminToken === undefined
          ? 'This is open to this machine alone until ADMIN_TOKEN is set.\n'
          : 'Send ADMIN_TOKEN as a bearer token.\n';
      response
        .writeHead(401, { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer' })
        .end(remedy);
    },
  };
}

function isOperators(request: IncomingMessage, adminToken: string | undefined): boolean {
  const { headers, socket } = request;
  if (adminToken !== undefined) return isSame(headers.authorization ?? '', `Bearer ${adminToken}`);
  const from = socket.remoteAddress ?? '';
  return (from === '::1' || /^(::ffff:)?127\./.test(from)) && isDirect(request);
}

/** Not forwarded, and of no page of another site: a browser on this machine may be anybody's. */
function isDirect(request: IncomingMessage): boolean {
  try {
    admit(request, false);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
