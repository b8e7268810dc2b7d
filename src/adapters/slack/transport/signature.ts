import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isSameSecret } from '../../../core/kit/secrets/same-secret.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';

/** Slack's advice (docs.slack.dev/authentication/verifying-requests-from-slack). */
const MAX_AGE_SEC = 300;

/** Recognises Slack's requests. Accepts those that are at most five minutes old. */
export function createSignatureCheck(signingSecret: string, clock: Clock) {
  /** Signatures of accepted requests, by the time when they expire anyway. */
  const seen = new Map<string, number>();
  const signatureOf = (headers: IncomingHttpHeaders) => single(headers['x-slack-signature']);
  const timestampOf = (headers: IncomingHttpHeaders) => single(headers['x-slack-request-timestamp']);

  /** Whether the headers are present, well-formed and fresh; if not, the body need not be read. */
  function mayBeSigned(headers: IncomingHttpHeaders): boolean {
    const timestamp = timestampOf(headers);
    if (!/^\d{1,12}$/.test(timestamp) || !/^v0=[0-9a-f]{64}$/.test(signatureOf(headers))) return false;
    return Math.abs(clock.now() / 1000 - Number(timestamp)) <= MAX_AGE_SEC;
  }

  return {
    mayBeSigned,
    /** Whether Slack signed this body with these headers, and the request was not accepted before. */
    isSignedBySlack(headers: IncomingHttpHeaders, body: string): boolean {
      if (!mayBeSigned(headers)) return false;
      const signature = signatureOf(headers);
      const signed = `v0:${timestampOf(headers)}:${body}`;
      const expected = `v0=${createHmac('sha256', signingSecret).update(signed).digest('hex')}`;
      return isSameSecret(signature, expected) && !seen.has(signature);
    },
    /** Marks a request as accepted, so that it is refused from now on. An unmarked one may come again within the same second. */
    noteAccepted(headers: IncomingHttpHeaders): void {
      const nowSec = clock.now() / 1000;
      for (const [old, untilSec] of seen) {
        if (untilSec >= nowSec) break;
        seen.delete(old);
      }
      seen.set(signatureOf(headers), nowSec + 2 * MAX_AGE_SEC);
    },
  };
}

function single(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
