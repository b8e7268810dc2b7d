import { createHmac } from 'node:crypto';
import type { Clock } from '../../../src/core/kit/time/clock.ts';
import type { Envelope, Outcome, Transport } from './envelope.ts';
import { asString } from './json.ts';
import type { Violation } from './violations.ts';

/** The signature of a request, as Slack makes it. */
export function sign(secret: string, body: string, atSec: number): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${atSec}:${body}`).digest('hex')}`;
}

/** The body and the headers with which Slack would send an envelope. */
function signedRequest(
  envelope: Envelope,
  secret: string,
  atSec: number,
): { body: string; headers: Record<string, string> } {
  const body = encode(envelope);
  return {
    body,
    headers: {
      'content-type':
        envelope.type === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded',
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': String(atSec),
      'x-slack-signature': sign(secret, body, atSec),
    },
  };
}

/** Delivers by signed HTTP requests to the app's request URL. */
export function createHttpDelivery(options: {
  readonly requestUrl: string;
  readonly signingSecret: string;
  /** For the timestamps. */
  readonly clock: Clock;
  /** For the deadline. */
  readonly deliveryClock: Clock;
  readonly report: (violation: Violation) => void;
  readonly acknowledgeWithinMs: number;
}): Transport {
  return {
    async send({ envelope, retry }, signal) {
      const { body, headers } = signedRequest(
        envelope,
        options.signingSecret,
        Math.floor(options.clock.now() / 1000),
      );
      const retryHeaders: Record<string, string> =
        retry === 0 ? {} : { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' };
      const done = new AbortController();
      const call = fetch(options.requestUrl, {
        method: 'POST',
        body,
        headers: { ...headers, ...retryHeaders },
        signal: AbortSignal.any([signal, done.signal]),
      });
      const answer = call.then(async (response): Promise<Outcome> => {
        const text = await response.text();
        if (response.status !== 200) return { acked: false, reason: `HTTP ${response.status}` };
        return { acked: true, body: text === '' ? undefined : parse(text) };
      });
      const deadline = options.deliveryClock
        .sleep(options.acknowledgeWithinMs, AbortSignal.any([signal, done.signal]))
        .then((): Outcome => {
          options.report({ kind: 'late-ack', detail: `${envelope.type} (attempt ${retry + 1})` });
          return { acked: false, reason: 'timeout' };
        });
      deadline.catch(() => undefined);
      try {
        return await Promise.race([answer, deadline]);
      } catch (error) {
        return { acked: false, reason: error instanceof Error ? error.message : String(error) };
      } finally {
        answer.catch(() => undefined);
        done.abort();
      }
    },
  };
}

function encode(envelope: Envelope): string {
  if (envelope.type === 'events_api') return JSON.stringify(envelope.payload);
  if (envelope.type === 'interactive') {
    return new URLSearchParams({ payload: JSON.stringify(envelope.payload) }).toString();
  }
  return new URLSearchParams(
    Object.entries(envelope.payload).map(([name, value]): [string, string] => [name, asString(value)]),
  ).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
