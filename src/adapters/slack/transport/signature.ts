import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../../core/kit/clock.ts';

/** Whether a request is Slack's: signed, fresh, and not seen before. */
export type SignatureCheck = (headers: IncomingHttpHeaders, body: string) => boolean;

/** Slack's advice (docs.slack.dev/authentication/verifying-requests-from-slack). */
const MAX_AGE_SEC = 300;

export function createSignatureCheck(signingSecret: string, clock: Clock): SignatureCheck {
  /** Signatures that were let pass, with when they become too old anyway. */
  const seen = new Map<string, number>();

  return (headers, body) => {
    const timestamp = single(headers['x-slack-request-timestamp']);
    const signature = single(headers['x-slack-signature']);
    if (!/^\d{1,12}$/.test(timestamp) || signature === '') return false;
    const nowSec = clock.now() / 1000;
    if (Math.abs(nowSec - Number(timestamp)) > MAX_AGE_SEC) return false;
    const expected = `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    if (!isSame(expected, signature)) return false;
    for (const [old, untilSec] of seen) {
      if (untilSec >= nowSec) break;
      seen.delete(old);
    }
    if (seen.has(signature)) return false;
    seen.set(signature, nowSec + 2 * MAX_AGE_SEC);
    return true;
  };
}

function single(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
