import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '@slack/bolt';
import { expect, it, onTestFinished } from 'vitest';
import { createBoltLogger } from '../../../../src/adapters/slack/transport/bolt-logger.ts';
import { createHttpTransport } from '../../../../src/adapters/slack/transport/http.ts';
import { createTasks } from '../../../../src/core/kit/scheduling/tasks.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createLogRecorder } from '../../../support/provider/test-client.ts';
import { sign } from '../../../support/slack/http-delivery.ts';

const SECRET = 'a-signing-secret';

async function setUp() {
  const clock = createFakeClock();
  const { log, lines } = createLogRecorder();
  const boltLogger = createBoltLogger(log, () => false);
  const transport = createHttpTransport(SECRET, {
    apiUrl: 'https://slack.test/api/',
    fetch,
    boltLogger,
    tasks: createTasks(log),
    isOpen: () => true,
    onBack: () => {},
    clock,
    log,
  });
  const [route] = transport.routes;
  const server = createServer((incoming, response) => void route?.handle(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  const signed = (body: string) => {
    const atSec = clock.now() / 1_000;
    return {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(atSec),
      'x-slack-signature': sign(SECRET, body, atSec),
    };
  };
  const post = (body: string, headers: Record<string, string> = signed(body)) =>
    fetch(url, { method: 'POST', body, headers });
  /** Takes events as Bolt hands them on. */
  const takeWith = (processEvent: App['processEvent']) =>
    transport.receiver.init({ processEvent } as unknown as App);
  return { clock, url, signed, post, takeWith, logged: () => lines.join('') };
}

it('gives a body 3 s to arrive', async () => {
  const { clock, url, signed, logged } = await setUp();
  const call = request(url, { method: 'POST', headers: { ...signed('{"a":1}'), 'content-length': '7' } });
  const broken = once(call, 'error');
  let isOver = false;
  call.on('close', () => {
    isOver = true;
  });
  call.write('{"a"');
  await expect.poll(() => clock.pending).toBe(1);
  await clock.advance(2_999);
  expect(isOver).toBe(false);
  await clock.advance(1);
  await broken;
  expect(logged()).toContain('a request to /slack/events was interrupted');
});

it('takes bodies of up to 1 MB, and sets no timer beyond their end', async () => {
  const { clock, post } = await setUp();
  const of = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
  // Not an object, which it is only found out to be when it has been read.
  expect((await post(of(1_000_000))).status).toBe(400);
  expect((await post(of(1_000_001))).status).toBe(413);
  expect(clock.pending).toBe(0);
});

it('warns of unsigned requests once a minute', async () => {
  const { clock, post, logged } = await setUp();
  const warnings = () => logged().split('check SLACK_SIGNING_SECRET').length - 1;
  for (let times = 0; times < 3; times++) expect((await post('{}', {})).status).toBe(401);
  expect(warnings()).toBe(1);
  await clock.advance(59_999);
  await post('{}', {});
  expect(warnings()).toBe(1);
  await clock.advance(1);
  await post('{}', {});
  expect(warnings()).toBe(2);
});

it('answers as the first acknowledgement says, and asks Slack to come again if there is none', async () => {
  const { post, signed, takeWith } = await setUp();
  const again: unknown[] = [];
  const answers: Record<string, unknown> = {
    word: 'A word.',
    object: { text: 'A word.' },
    empty: '',
    nothing: undefined,
  };
  takeWith(async ({ body, ack, retryNum }) => {
    const { answer } = body as { answer: string };
    if (retryNum !== undefined) again.push(retryNum);
    if (!(answer in answers)) return;
    await ack(answers[answer] as never);
    await expect(ack()).rejects.toThrow();
  });
  const say = async (answer: string, headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ answer });
    const response = await post(body, { ...signed(body), ...headers });
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  expect(await say('word')).toEqual([200, 'text/plain', 'A word.']);
  expect(await say('object')).toEqual([200, 'application/json', '{"text":"A word."}']);
  expect(await say('empty')).toEqual([200, null, '']);
  expect(await say('nothing')).toEqual([200, null, '']);
  expect(again).toEqual([]);
  expect(await say('nobody takes it', { 'x-slack-retry-num': '2' })).toEqual([503, null, '']);
  expect(again).toEqual([2]);
  // It was not accepted, so the same request may come again; one that was may not.
  expect((await say('nobody takes it'))[0]).toBe(503);
  expect((await say('word'))[0]).toBe(401);
});
