import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused } from './requests.ts';

/** Names that always mean this machine. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Headers that proxies and content delivery networks add. Behind one, a loopback address proves nothing about the client. */
const FORWARDING =
  /^(?:via|forwarded|x-forwarded(?:-.+)?|x-(?:real|client|cluster-client|original|remote|true-client)-.+|x-(?:envoy|azure|vercel|appengine|amz|amzn)-.+|true-client-ip|client-ip|cdn-.+|cf-.+|fly-.+|fastly-.+|akamai-.+)$/;

/**
 * Accepts requests only from this page or from programs on this machine. Refuses other sites' pages (`Origin`,
 * `Sec-Fetch-Site`), under whatever name they reach this address (`Host`; DNS rebinding).
 *
 * @param asksForToken whether a token is checked afterwards; then a proxy under any name is allowed
 * @throws Refused with 403
 */
export function requireSameOrigin(request: IncomingMessage, asksForToken: boolean): void {
  const { headers } = request;
  if (!asksForToken && isForwarded(request)) {
    throw new Refused(
      403,
      'Requests through a proxy need ADMIN_TOKEN. Set it and restart Parley, or open the playground directly.',
    );
  }
  const host = headers.host?.toLowerCase();
  if (host === undefined || (!asksForToken && !isLoopback(host, request.socket.localPort))) {
    throw new Refused(403, 'Open the playground at 127.0.0.1 or localhost.');
  }
  const origin = headers.origin?.toLowerCase();
  const own = asksForToken ? [`http://${host}`, `https://${host}`] : [`http://${host}`];
  if (origin !== undefined && !own.includes(origin)) {
    throw new Refused(403, 'Requests from other sites are refused.');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation(request)) {
    throw new Refused(403, 'Requests from other sites are refused.');
  }
}

/** Whether a proxy shows, by its headers or by HTTP/1.0, which browsers do not use. A proxy that hides cannot be detected. */
function isForwarded({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.0' || Object.keys(headers).some((name) => FORWARDING.test(name));
}

function isLoopback(host: string, port: number | undefined): boolean {
  const [, name = '', given] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return LOOPBACK.test(name) && Number(given ?? 80) === port;
}

/** A link from another site may lead here: it shows the page, and reveals nothing to that site. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}

/**
 * Sets headers for a page that loads nothing from elsewhere and cannot be framed.
 *
 * @param policy additional directives of the content security policy
 * @param referrer default `no-referrer`; a page that sends forms needs `same-origin`, because its `Origin` is `null`
 * otherwise
 */
export function setSecurityHeaders(
  response: ServerResponse,
  policy: readonly string[],
  referrer: 'no-referrer' | 'same-origin' = 'no-referrer',
): void {
  const directives = ["default-src 'none'", ...policy, "base-uri 'none'", "frame-ancestors 'none'"];
  response.setHeader('content-security-policy', directives.join('; '));
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', referrer);
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
}
