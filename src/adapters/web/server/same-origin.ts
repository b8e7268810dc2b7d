import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused } from './http.ts';

/** Names that no other machine can answer to. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What proxies add. Behind one, loopback proves nothing about who asks. */
const FORWARDING = /^(?:forwarded|x-forwarded-.+|x-real-ip)$/;

/**
 * Lets pass only what comes from this page, or from a program on this machine: no other site's page can read or post
 * (`Origin`, `Sec-Fetch-Site`), under whatever name it reached this address (`Host`; DNS rebinding).
 *
 * @throws Refused with 403
 */
export function admit(request: IncomingMessage, anyHost: boolean): void {
  const { headers } = request;
  if (Object.keys(headers).some((name) => FORWARDING.test(name))) {
    throw new Refused(403, 'Forwarded requests are not served. Open the playground directly.');
  }
  const host = headers.host?.toLowerCase();
  if (host === undefined || (!anyHost && !isLoopback(host, request.socket.localPort))) {
    throw new Refused(403, 'Open the playground by its loopback address, 127.0.0.1 or localhost.');
  }
  if (headers.origin !== undefined && headers.origin.toLowerCase() !== `http://${host}`) {
    throw new Refused(403, 'Requests from other sites are not served.');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation(request)) {
    throw new Refused(403, 'Requests from other sites are not served.');
  }
}

function isLoopback(host: string, port: number | undefined): boolean {
  const [, name = '', given] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return LOOPBACK.test(name) && Number(given ?? 80) === port;
}

/** A link on another site may lead here: it shows the page, and tells that site nothing. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}

/** `scriptHash` is that of the one inline script, the import map. */
export function setSecurityHeaders(response: ServerResponse, scriptHash: string): void {
  const policy = [
    "default-src 'none'",
    `script-src 'self' '${scriptHash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html dompurify',
  ];
  response.setHeader('content-security-policy', policy.join('; '));
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
}
