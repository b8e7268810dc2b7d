import type { IncomingMessage } from 'node:http';
import { isSameSecret } from '../../core/kit/secrets/same-secret.ts';
import type { Route } from '../../core/ports/adapter.ts';
import { isLoopbackAddress } from '../../http/addresses.ts';
import { Refused, sendText } from '../../http/requests.ts';
import { requireSameOrigin } from '../../http/same-origin.ts';

/** How the operator is recognised over HTTP. */
export interface OperatorCheck {
  /** `ADMIN_TOKEN`; undefined if it is not set. */
  readonly adminToken: string | undefined;
  /** Whether the server is reached through a proxy, as for Slack over HTTP; a loopback address then proves nothing. */
  readonly isExposed: boolean;
}

/**
 * Restricts a route to the operator: by `ADMIN_TOKEN` as a bearer token, or without one, to direct requests from this
 * machine.
 */
export function forOperator(route: Route, check: OperatorCheck): Route {
  return {
    path: route.path,
    handle(request, response) {
      if (isOperators(request, check)) return route.handle(request, response);
      const remedy =
        check.adminToken === undefined
          ? 'Set ADMIN_TOKEN to open this page. Without it, only this machine may read it, and not through a proxy.\n'
          : 'Send ADMIN_TOKEN as a bearer token.\n';
      response.setHeader('www-authenticate', 'Bearer');
      sendText(response, 401, remedy);
    },
  };
}

export function isOperators(request: IncomingMessage, { adminToken, isExposed }: OperatorCheck): boolean {
  const { headers, socket } = request;
  if (adminToken !== undefined) {
    // The scheme's case does not matter: RFC 9110 §11.1.
    const [, token = ''] = /^bearer +(.*)$/i.exec(headers.authorization ?? '') ?? [];
    return isSameSecret(token, adminToken);
  }
  if (isExposed) return false;
  return isLoopbackAddress(socket.remoteAddress ?? '') && isDirect(request);
}

/** Not forwarded, and not from another site's page, which a browser on this machine may show. */
function isDirect(request: IncomingMessage): boolean {
  try {
    requireSameOrigin(request, false);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}
