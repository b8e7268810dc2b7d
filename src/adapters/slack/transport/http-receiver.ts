import type { IncomingMessage, ServerResponse } from 'node:http';
import { type App, type Receiver, ReceiverMultipleAckError } from '@slack/bolt';
import type { Logger } from 'pino';
import { readBody } from '../../../core/kit/body.ts';
import type { Clock } from '../../../core/kit/clock.ts';
import { asObject, type JsonObject, parseJson } from '../../../core/kit/json.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import { createThrottle } from '../../../core/kit/throttle.ts';
import type { Route } from '../../../core/ports/adapter.ts';
import type { SignatureCheck } from './signature.ts';

export const EVENTS_PATH = '/slack/events';

/** A receiver for Bolt behind a route of the shared HTTP server. */
export interface HttpReceiver extends Receiver {
  readonly route: Route;
}

/** Slack's payloads stay far below. */
const MAX_BODY_BYTES = 1_000_000;

export function createHttpReceiver(options: {
  readonly isSignedBySlack: SignatureCheck;
  readonly tasks: Tasks;
  readonly log: Logger;
  /** Whether events are taken at this moment. */
  readonly isOpen: () => boolean;
  readonly clock: Clock;
}): HttpReceiver {
  const { isSignedBySlack, tasks, log, isOpen, clock } = options;
  /** Anybody can send nonsense to a public address. */
  const warnings = createThrottle(clock, 1, 60_000);
  let app: App | null = null;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return end(response, 405);
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === null) return end(response, 413);
    if (!isSignedBySlack(request.headers, body)) {
      if (warnings.take() === 0) {
        log.warn(
          'a request to /slack/events was not signed by Slack, too old, or sent twice; check SLACK_SIGNING_SECRET if this goes on',
        );
      }
      return end(response, 401);
    }
    const payload = parse(body, request.headers['content-type'] ?? '');
    if (payload === null) return end(response, 400);
    if (payload['type'] === 'url_verification')
      return end(response, 200, { challenge: payload['challenge'] });
    // Slack looks at the certificate behind a command's address from time to time.
    if (payload['ssl_check'] === '1') return end(response, 200);
    const receiver = app;
    // Slack sends events again; people see that a command did not get through.
    if (receiver === null || !isOpen()) return end(response, 503);
    let isAcked = false;
    const retry = Number(request.headers['x-slack-retry-num'] ?? Number.NaN);
    const event: Parameters<App['processEvent']>[0] = {
      body: payload,
      async ack(answer?: unknown) {
        if (isAcked) throw new ReceiverMultipleAckError();
        isAcked = true;
        end(response, 200, answer);
      },
      ...(Number.isNaN(retry) ? {} : { retryNum: retry }),
    };
    tasks.run('deal with an event of Slack', async () => {
      try {
        await receiver.processEvent(event);
      } finally {
        // Nobody listens for it.
        if (!isAcked) end(response, 404);
      }
    });
  }

  return {
    route: { path: EVENTS_PATH, handle },
    init(bolt) {
      app = bolt;
    },
    async start() {},
    async stop() {},
  };
}

function end(response: ServerResponse, status: number, body?: unknown): void {
  if (response.headersSent) return;
  if (body === undefined || body === '') response.writeHead(status).end();
  else if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Events come as JSON, commands as a form, interactions as JSON in a form. */
function parse(body: string, contentType: string): JsonObject | null {
  if (!contentType.startsWith('application/x-www-form-urlencoded')) return asObject(parseJson(body));
  const form = new URLSearchParams(body);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : asObject(parseJson(payload));
}
