import type { IncomingMessage, ServerResponse } from 'node:http';
import { type App, ReceiverMultipleAckError } from '@slack/bolt';
import { readBody } from '../../../core/kit/body.ts';
import { asObject, type JsonObject, parseJson } from '../../../core/kit/json.ts';
import { createThrottle } from '../../../core/kit/scheduling/throttle.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { createSignatureCheck } from './signature.ts';
import type { Transport, TransportOptions } from './transport.ts';

export const EVENTS_PATH = '/slack/events';

/** Slack's payloads are far smaller. */
const MAX_BODY_BYTES = 1_000_000;
/**
 * Total size of bodies being read: about 800 of Slack's largest. Bounded because anybody can send requests that look signed.
 */
const MAX_BUFFERED_BYTES = 16_000_000;
/** Slack sends a body at once, and waits three seconds for the answer. */
const BODY_WITHIN_MS = 3_000;

/**
 * Signed requests to a route of the shared HTTP server. Accepts bodies of at most 1 MB that arrive within 3 s, and 16 MB of them
 * at a time.
 */
export function createHttpTransport(
  signingSecret: string,
  { tasks, log, isOpen, clock }: TransportOptions,
): Transport {
  const signatures = createSignatureCheck(signingSecret, clock);
  /** Anybody can send nonsense to a public address. */
  const warnings = createThrottle(clock, 1, 60_000);
  const bodyOf = createBodyReader(clock);
  let app: App | null = null;

  function refuseUnsigned(response: ServerResponse): void {
    if (warnings.countCall() === 0) {
      log.warn(
        'refused a request to /slack/events: not signed by Slack, too old, or sent twice; if this continues, check SLACK_SIGNING_SECRET',
      );
    }
    refuse(response, 401);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return end(response, 405);
    // Checked before anything of the body is read.
    if (!signatures.mayBeSigned(request.headers)) return refuseUnsigned(response);
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return refuse(response, 413);
    let body: string | null;
    try {
      body = await bodyOf(request);
    } catch (error) {
      if (error instanceof TooMuch) return refuse(response, 503);
      log.debug({ reason: String(error) }, 'a request to /slack/events was interrupted');
      return void response.destroy();
    }
    if (body === null) return refuse(response, 413);
    if (!signatures.isSignedBySlack(request.headers, body)) return refuseUnsigned(response);
    const payload = parse(body, request.headers['content-type'] ?? '');
    if (payload === null) return end(response, 400);
    if (payload['type'] === 'url_verification')
      return end(response, 200, { challenge: payload['challenge'] });
    // Slack checks the certificate of a command's address from time to time.
    if (payload['ssl_check'] === '1') return end(response, 200);
    // Slack redelivers events; people see that a command failed.
    if (app === null || !isOpen()) return end(response, 503);
    const receiver = app;
    tasks.run('handle an event from Slack', () =>
      pass(receiver, payload, request.headers, response, () => signatures.noteAccepted(request.headers)),
    );
  }

  const nothing = async () => {};
  const init = (bolt: App) => {
    app = bolt;
  };
  return {
    receiver: { init, start: nothing, stop: nothing },
    routes: [{ path: EVENTS_PATH, handle }],
    isConnected: () => true,
    connect: nothing,
    disconnect: nothing,
  };
}

/** Passes a payload to Bolt, whose acknowledgement is the response. */
async function pass(
  app: App,
  body: JsonObject,
  headers: IncomingMessage['headers'],
  response: ServerResponse,
  onAck: () => void,
): Promise<void> {
  let isAcked = false;
  const retryNum = Number(headers['x-slack-retry-num'] ?? Number.NaN);
  async function ack(answer?: unknown): Promise<void> {
    if (isAcked) throw new ReceiverMultipleAckError();
    isAcked = true;
    onAck();
    end(response, 200, answer);
  }
  try {
    await app.processEvent({ body, ack, ...(Number.isNaN(retryNum) ? {} : { retryNum }) });
  } finally {
    // Nobody handled it. Slack redelivers events.
    if (!isAcked) end(response, 503);
  }
}

class TooMuch extends Error {}

/**
 * Reads bodies of at most 1 MB within 3 s, and 16 MB of them at a time. Resolves to null for one that is larger.
 * @throws TooMuch if all bodies together are too large
 */
function createBodyReader(clock: Clock): (request: IncomingMessage) => Promise<string | null> {
  let bufferedBytes = 0;

  return async (request) => {
    const read = new AbortController();
    let bytes = 0;
    async function* counted(): AsyncIterable<Uint8Array> {
      for await (const part of request as AsyncIterable<Uint8Array>) {
        bytes += part.byteLength;
        bufferedBytes += part.byteLength;
        if (bufferedBytes > MAX_BUFFERED_BYTES) throw new TooMuch();
        yield part;
      }
    }
    clock.sleep(BODY_WITHIN_MS, read.signal).then(
      () => request.destroy(),
      () => {}, // it was read
    );
    try {
      return await readBody(counted(), MAX_BODY_BYTES);
    } finally {
      bufferedBytes -= bytes;
      read.abort();
    }
  };
}

/** Also ends the connection, so that the rest of the body is not read. */
function refuse(response: ServerResponse, status: number): void {
  response.setHeader('connection', 'close');
  end(response, status);
}

function end(response: ServerResponse, status: number, body?: unknown): void {
  if (response.headersSent) return;
  if (body === undefined || body === '') response.writeHead(status).end();
  else if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Events are JSON, commands a form, interactions JSON in a form. */
function parse(body: string, contentType: string): JsonObject | null {
  if (!contentType.startsWith('application/x-www-form-urlencoded')) return asObject(parseJson(body));
  const form = new URLSearchParams(body);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : asObject(parseJson(payload));
}
