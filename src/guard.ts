import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Route } from './core/adapter.ts';

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

function isOperators({ headers, socket }: IncomingMessage, adminToken: string | undefined): boolean {
  if (adminToken !== undefined) return isSame(headers.authorization ?? '', `Bearer ${adminToken}`);
  const isForwarded = Object.keys(headers).some(
    (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
  );
  const from = socket.remoteAddress ?? '';
  return !isForwarded && (from === '::1' || /^(::ffff:)?127\./.test(from));
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
