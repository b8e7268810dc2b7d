import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createResponseUrl } from '../../../../src/adapters/slack/posting/response-url.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { silentFetch } from '../../../support/slack/silence.ts';

const never = new AbortController().signal;
const API = 'https://slack.com/api/';

let server: Server;
let origin: string;
/** The bodies that the server got. */
let posts: unknown[];
let status: number;
let location: string | null;

beforeEach(async () => {
  posts = [];
  status = 200;
  location = null;
  server = createServer(async (request, response) => {
    posts.push(JSON.parse((await Array.fromAsync(request)).join('')));
    response.writeHead(status, location === null ? {} : { location }).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

describe('the response URL of an interaction', () => {
  it.each([
    'https://hooks.slack.com/commands/T1/2/x',
    'https://slack.com/commands/T1/2/x',
    'https://hooks.slack-gov.com/commands/T1/2/x',
  ])('is used if it is Slack’s: %s', (url) => {
    expect(createResponseUrl(url, API, fetch)).not.toBeNull();
  });

  it.each([
    'https://hooks.slack.com.evil.example/commands/1',
    'https://evilslack.com/commands/1',
    'https://evil.example/slack.com',
    'https://hooks.slack.com@evil.example/commands/1',
    'http://hooks.slack.com/commands/1',
    'file:///etc/passwd',
    'nothing of the kind',
  ])('is not used if it is anybody else’s: %s', (url) => {
    expect(createResponseUrl(url, API, fetch)).toBeNull();
  });

  it('is used on the host of the API that is configured, and on no other port of it', () => {
    expect(createResponseUrl(`${origin}/r`, `${origin}/api/`, fetch)).not.toBeNull();
    expect(createResponseUrl(`${origin}/r`, 'http://127.0.0.1:1/api/', fetch)).toBeNull();
  });

  it('is used five times at most, as Slack allows', async () => {
    const url = createResponseUrl(`${origin}/r`, `${origin}/api/`, fetch);
    const told: (boolean | undefined)[] = [];
    for (let turn = 0; turn < 6; turn++) told.push(await url?.tellPrivately('Hello', null, never));
    expect(told).toEqual([true, true, true, true, true, false]);
    expect(posts).toHaveLength(5);
  });

  it('counts each try of a notice that is refused as Markdown', async () => {
    status = 500;
    const url = createResponseUrl(`${origin}/r`, `${origin}/api/`, fetch);
    for (let turn = 0; turn < 4; turn++) expect(await url?.tellPrivately('Hello', null, never)).toBe(false);
    expect(posts).toHaveLength(5);
  });

  it('sends nothing on to where its address leads', async () => {
    status = 307;
    location = `${origin}/elsewhere`;
    const url = createResponseUrl(`${origin}/r`, `${origin}/api/`, fetch);
    expect(await url?.tellPrivately('Hello', null, never)).toBe(false);
    expect(posts).toHaveLength(1);
  });

  it('gives up after 10 s, or when its work ends', async () => {
    const clock = createFakeClock();
    const work = new AbortController();
    const url = createResponseUrl(`${origin}/r`, `${origin}/api/`, silentFetch, clock);
    const told = url?.tellPrivately('Hello', null, work.signal);
    await clock.advance(9_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await told).toBe(false);
    const again = url?.tellPrivately('Hello', null, work.signal);
    work.abort();
    expect(await again).toBe(false);
    expect(clock.pending).toBe(0);
  });
});
