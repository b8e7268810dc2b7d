import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused } from './requests.ts';

/** Names that no other machine can answer to. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What proxies and content delivery networks add. Behind one, loopback proves nothing about who asks. */
const FORWARDING =
  /^(?:via|forwarded|x-forwarded(?:-.+)?|x-(?:real|client|cluster-client|original|remote|true-client)-.+|x-(?:envoy|azure|vercel|appengine|amz|amzn)-.+|true-client-ip|client-ip|cdn-.+|cf-.+|fly-.+|fastly-.+|akamai-.+)$/;

/**
 * Lets pass only what comes from this page, or from a program on this machine: no other site's page can read or post
 * (`Origin`, `Sec-Fetch-Site`), under whatever name it reached this address (`Host`; DNS rebinding).
 *
 * @param asksForToken whether a token is asked for after this: then a proxy may stand in between, under any name
 * @throws Refused with 403
 */
export function requireSameOrigin(request: IncomingMessage, asksForToken: boolean): void {
  const { headers } = request;
  if (!asksForToken && isForwarded(request)) {
    throw new Refused(
      403,
      'Forwarded requests are not served without ADMIN_TOKEN: set it and start again, or open the playground directly.',
    );
  }
  const host = headers.host?.toLowerCase();
  if (host === undefined || (!asksForToken && !isLoopback(host, request.socket.localPort))) {
    throw new Refused(403, 'Open the playground by its loopback address, 127.0.0.1 or localhost.');
  }
  const origin = headers.origin?.toLowerCase();
  const own = asksForToken ? [`http://${host}`, `https://${host}`] : [`http://${host}`];
  if (origin !== undefined && !own.includes(origin)) {
    throw new Refused(403, 'Requests from other sites are not served.');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation(request)) {
    throw new Refused(403, 'Requests from other sites are not served.');
  }
}

/** Whether a proxy shows: by what it adds, or by HTTP/1.0, which no browser speaks. One that hides cannot be told. */
function isForwarded({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.0' || Object.keys(headers).some((name) => FORWARDING.test(name));
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

/**
 * Headers for a page that loads nothing from elsewhere and is shown in no frame.
 *
 * @param policy what may be loaded, beside nothing: directives of a content security policy
 * @param referrer `no-referrer` by default; a page that sends forms needs `same-origin`, or its `Origin` is `null`
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
