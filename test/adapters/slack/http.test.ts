import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { sign } from '../../support/slack/http-delivery.ts';
import { type Bench, openBench, quiet, until } from './harness.ts';

let bench: Bench;
afterEach(() => bench.close());

/** The answer to a request whose body never comes. */
function statusBeforeBody(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', headers: { 'content-length': '10', ...headers } },
      (response) => {
        resolve(response.statusCode ?? 0);
        call.destroy();
      },
    );
    call.on('error', reject);
    call.flushHeaders();
  });
}

async function setUp() {
  bench = await openBench({ http: true });
  const { slack } = bench;
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  const event = slack.wrap({
    type: 'app_mention',
    channel: general,
    user: ann.id,
    text: `<@${slack.app.botUserId}> hi`,
    ts: '1700000000.000100',
  });
  const body = JSON.stringify(event.payload);
  const nowSec = Math.floor(Date.now() / 1000);
  const post = (text: string, headers: Record<string, string>, method = 'POST') =>
    fetch(bench.eventsUrl, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(method === 'POST' ? { body: text } : {}),
    });
  const signed = (text: string, atSec = nowSec, secret = slack.app.signingSecret) => ({
    'x-slack-request-timestamp': String(atSec),
    'x-slack-signature': sign(secret, text, atSec),
  });
  return { ...bench, ann, general, body, nowSec, post, signed };
}

describe('Slack over signed HTTP', () => {
  it('brings events, commands and presses that Slack signed', async () => {
    const { slack, recorded, ann, general } = await setUp();
    ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length === 1);
    expect(await ann.slash('/ask', 'why & how?', { channel: general })).toMatchObject({ acked: true });
    await until(() => recorded.commands.length === 1);
    expect(recorded.commands[0]?.options).toEqual({ prompt: 'why & how?' });
    expect(slack.violations).toEqual([]);
  });

  it('answers Slack’s challenge, signed', async () => {
    const { post, signed } = await setUp();
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    const response = await post(challenge, signed(challenge));
    expect([response.status, await response.json()]).toEqual([200, { challenge: 'abc' }]);
    expect((await post(challenge, {})).status).toBe(401);
  });

  it('answers Slack’s look at the certificate', async () => {
    const { post, signed } = await setUp();
    const check = 'token=verification-token&ssl_check=1';
    const headers = { ...signed(check), 'content-type': 'application/x-www-form-urlencoded' };
    expect((await post(check, headers)).status).toBe(200);
  });

  it('refuses what is not signed, signed with another secret, or signed for another body', async () => {
    const { recorded, body, post, signed } = await setUp();
    const refused = [
      {},
      signed(body, undefined, 'another-secret'),
      signed(`${body} `),
      { ...signed(body), 'x-slack-signature': 'v0=00' },
      { ...signed(body), 'x-slack-request-timestamp': 'soon' },
    ];
    for (const headers of refused) expect((await post(body, headers)).status).toBe(401);
    await quiet(bench);
    expect(recorded.messages).toEqual([]);
  });

  it('refuses what is older than five minutes, or from the future', async () => {
    const { recorded, body, nowSec, post, signed } = await setUp();
    expect((await post(body, signed(body, nowSec - 301))).status).toBe(401);
    expect((await post(body, signed(body, nowSec + 400))).status).toBe(401);
    expect((await post(body, signed(body, nowSec - 200))).status).toBe(200);
    await until(() => recorded.messages.length === 1);
  });

  it('refuses a request that is sent twice', async () => {
    const { recorded, body, post, signed } = await setUp();
    const headers = signed(body);
    expect((await post(body, headers)).status).toBe(200);
    expect((await post(body, headers)).status).toBe(401);
    await quiet(bench, 1);
    expect(recorded.messages).toHaveLength(1);
  });

  it('refuses what is unsigned or stale before it reads the body', async () => {
    const { body, nowSec, signed } = await setUp();
    const statuses = [];
    for (const headers of [
      {},
      signed(body, nowSec - 301),
      { ...signed(body), 'x-slack-signature': 'v0=1' },
    ]) {
      statuses.push(await statusBeforeBody(bench.eventsUrl, headers));
    }
    expect(statuses).toEqual([401, 401, 401]);
  });

  it('refuses a body that is said to be too large before it reads it', async () => {
    const { body, signed } = await setUp();
    const headers = { ...signed(body), 'content-length': '1000001' };
    expect(await statusBeforeBody(bench.eventsUrl, headers)).toBe(413);
  });

  it('buffers at most 16 MB of bodies that look signed, and takes events again when those are gone', async () => {
    const { slack, recorded, ann, general, body, signed } = await setUp();
    const uploads = Array.from({ length: 20 }, () => {
      const headers = { ...signed(body), 'content-length': '1000000' };
      const upload = request(bench.eventsUrl, { method: 'POST', headers });
      const status = new Promise<number>((resolve) => {
        upload.on('response', (response) => resolve(response.statusCode ?? 0));
        upload.on('error', () => {}); // the connection is ended while it uploads
      });
      upload.write('x'.repeat(999_999));
      return { upload, status };
    });
    expect(await Promise.race(uploads.map(({ status }) => status))).toBe(503);
    for (const { upload } of uploads) upload.destroy();
    ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length === 1);
  });

  it('refuses other methods, bodies that are no payload, and bodies that are too large', async () => {
    const { post, signed } = await setUp();
    expect((await post('', {}, 'GET')).status).toBe(405);
    expect((await post('[]', signed('[]'))).status).toBe(400);
    const large = 'x'.repeat(1_000_001);
    expect((await post(large, signed(large))).status).toBe(413);
  });

  it('takes nothing before the start and after the stop, so that Slack sends it again', async () => {
    const { adapter, body, post, signed } = await setUp();
    await adapter.stop();
    expect((await post(body, signed(body))).status).toBe(503);
  });
});
