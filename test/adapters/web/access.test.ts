import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { type Playground, type PlaygroundOptions, startPlayground } from './playground.ts';

const running: Playground[] = [];

afterEach(async () => {
  for (const playground of running.splice(0)) await playground.close();
});

async function start(options: PlaygroundOptions = {}): Promise<Playground> {
  const playground = await startPlayground(options);
  running.push(playground);
  return playground;
}

const MESSAGE = JSON.stringify({
  id: 'question-1',
  as: 'member',
  channel: 'general',
  thread: null,
  text: 'Hi',
});
const JSON_TYPE = { 'content-type': 'application/json' };

describe('a request', () => {
  it.each([
    ['by the name of another host', { host: 'attacker.example' }],
    ['by the name of another host with the right port', { host: 'attacker.example:PORT' }],
    ['by loopback with another port', { host: '127.0.0.1:1' }],
    ['by loopback without the port', { host: '127.0.0.1' }],
    ['by a name that begins like loopback', { host: '127.0.0.1.attacker.example:PORT' }],
    ['by a name in loopback’s digits', { host: '127.0.0.1x:PORT' }],
    ['from another origin', { origin: 'https://attacker.example' }],
    ['from another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['from no origin that has a name', { origin: 'null' }],
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from another port, as the browser says it', { 'sec-fetch-site': 'same-site' }],
    [
      'from a frame of another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    ['that was forwarded', { 'x-forwarded-for': '10.0.0.1' }],
    ['that was forwarded by the standard', { forwarded: 'for=10.0.0.1' }],
    ['that came through a proxy that says so', { via: '1.1 caddy' }],
    ['that came through Cloudflare', { 'cf-connecting-ip': '10.0.0.1' }],
    ['that came through another network', { 'cdn-loop': 'fly' }],
  ])('%s is refused, whatever it is for', async (_name, given) => {
    const playground = await start();
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value.replace('PORT', playground.url.port)]),
    );
    for (const path of ['', 'page/main.ts', 'api/room', 'api/events?as=member']) {
      expect((await playground.send('GET', path, { headers })).status, path).toBe(403);
    }
    const posted = await playground.send('POST', 'api/message', {
      headers: { ...JSON_TYPE, ...headers },
      body: MESSAGE,
    });
    expect(posted.status).toBe(403);
    expect(playground.dispatch.inbound).toEqual([]);
  });

  it.each([
    ['from the page itself', { origin: 'http://ADDRESS', 'sec-fetch-site': 'same-origin' }],
    ['from no page', {}],
    ['by the name localhost', { host: 'localhost:PORT', origin: 'http://localhost:PORT' }],
    ['by the name localhost in capitals', { host: 'LOCALHOST:PORT' }],
    ['by IPv6 loopback', { host: '[::1]:PORT' }],
    ['by another address of loopback', { host: '127.0.0.2:PORT' }],
  ])('%s is served', async (_name, given) => {
    const playground = await start();
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        value.replace('ADDRESS', playground.url.host).replace('PORT', playground.url.port),
      ]),
    );
    const posted = await playground.send('POST', 'api/message', {
      headers: { ...JSON_TYPE, ...headers },
      body: MESSAGE,
    });
    expect(posted.status).toBe(202);
    expect(playground.dispatch.inbound).toHaveLength(1);
  });

  it('that follows a link of another site sees the page, and nothing but the page', async () => {
    const playground = await start();
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await playground.send('GET', '', { headers })).status).toBe(200);
    expect(
      (await playground.send('POST', 'api/message', { headers: { ...JSON_TYPE, ...headers }, body: MESSAGE }))
        .status,
    ).toBe(403);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'with a body of type %j, which a form of any site can send, is refused',
    async (type) => {
      const playground = await start();
      const posted = await playground.send('POST', 'api/message', {
        headers: { 'content-type': type },
        body: MESSAGE,
      });
      expect(posted.status).toBe(415);
      expect(playground.dispatch.inbound).toEqual([]);
    },
  );

  it('is answered with headers that let no other site in', async () => {
    const playground = await start();
    const { headers } = await playground.send('GET', '');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('a playground with an ADMIN_TOKEN', () => {
  const adminToken = 'a-token-of-this-test';

  async function logIn(playground: Playground, token: string) {
    return await playground.post('login', { token });
  }

  it('shows the page, and nothing of the room before the token', async () => {
    const playground = await start({ adminToken });
    expect((await playground.send('GET', '')).status).toBe(200);
    for (const path of ['room', 'events?as=member', 'status?as=member&channel=general']) {
      expect((await playground.send('GET', `api/${path}`)).status, path).toBe(401);
    }
    for (const [path, body] of [
      ['message', MESSAGE],
      ['tier', '{"tier":"premium"}'],
    ] as const) {
      expect((await playground.send('POST', `api/${path}`, { headers: JSON_TYPE, body })).status, path).toBe(
        401,
      );
    }
    expect(playground.dispatch.inbound).toEqual([]);
    expect(playground.host.tier).toBe('free');
  });

  it('opens with the token, by a cookie that no script and no other site gets', async () => {
    const playground = await start({ adminToken });
    const opened = await logIn(playground, adminToken);
    expect(opened.status).toBe(200);
    const [cookie = ''] = opened.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/);
    expect(cookie).not.toContain(adminToken);
    const headers = { cookie: `other=1; ${cookie.split(';', 1)[0]}` };
    expect((await playground.send('GET', 'api/room', { headers })).status).toBe(200);
  });

  it.each(['', 'a-token-of-this-tes', 'a-token-of-this-test ', 'A-TOKEN-OF-THIS-TEST'])(
    'stays closed for %j',
    async (token) => {
      const playground = await start({ adminToken });
      const refused = await logIn(playground, token);
      expect(refused.status).toBe(401);
      expect(refused.headers['set-cookie']).toBeUndefined();
    },
  );

  it.each([
    'parley_session=',
    'parley_session=guess',
    'parley_session=9999999999999.guess.guess',
    'parley_session',
    '',
  ])('does not take the cookie %j', async (cookie) => {
    const playground = await start({ adminToken });
    await logIn(playground, adminToken);
    expect((await playground.send('GET', 'api/room', { headers: { cookie } })).status).toBe(401);
  });

  it('knows its sessions after a restart, and none of another token', async () => {
    const [cookie = ''] = (await logIn(await start({ adminToken }), adminToken)).headers['set-cookie'] ?? [];
    const headers = { cookie: String(cookie.split(';')[0]) };
    const status = async (token: string) =>
      (await (await start({ adminToken: token })).send('GET', 'api/room', { headers })).status;
    expect([await status(adminToken), await status('a-token-that-was-changed')]).toEqual([200, 401]);
  });

  it('keeps the cookie to HTTPS, if that is how the browser got here', async () => {
    const playground = await start({ adminToken });
    const opened = await playground.send('POST', 'api/login', {
      headers: { ...JSON_TYPE, 'x-forwarded-proto': 'https' },
      body: JSON.stringify({ token: adminToken }),
    });
    expect(opened.headers['set-cookie']?.[0]).toMatch(/; Secure$/);
  });

  it('takes no more wrong tokens after five from an address, for a minute, and the right one always', async () => {
    const clock: FakeClock = createFakeClock();
    const playground = await start({ adminToken, clock });
    const from = (address: string, token: string) =>
      playground.send('POST', 'api/login', {
        headers: { ...JSON_TYPE, 'x-forwarded-for': `1.2.3.4, ${address}` },
        body: JSON.stringify({ token }),
      });
    for (let guess = 0; guess < 5; guess++)
      expect((await from('10.0.0.1', `guess ${guess}`)).status).toBe(401);
    expect((await from('10.0.0.1', 'guess')).status).toBe(429);
    expect((await from('10.0.0.2', 'guess')).status).toBe(401);
    expect((await logIn(playground, 'guess')).status).toBe(401);
    expect((await from('10.0.0.1', adminToken)).status).toBe(200);
    await clock.advance(60_001);
    expect((await from('10.0.0.1', 'guess')).status).toBe(401);
  });

  it('closes again after twelve hours', async () => {
    const clock: FakeClock = createFakeClock();
    const playground = await start({ adminToken, clock });
    const [cookie = ''] = (await logIn(playground, adminToken)).headers['set-cookie'] ?? [];
    const room = async () =>
      (await playground.send('GET', 'api/room', { headers: { cookie: String(cookie.split(';')[0]) } }))
        .status;
    await clock.advance(12 * 3_600_000 - 1);
    expect(await room()).toBe(200);
    await clock.advance(1);
    expect(await room()).toBe(401);
  });

  it('closes the streams of a session that has ended', async () => {
    const clock: FakeClock = createFakeClock();
    const playground = await start({ adminToken, clock });
    const [cookie = ''] = (await logIn(playground, adminToken)).headers['set-cookie'] ?? [];
    const headers = { cookie: String(cookie.split(';')[0]) };
    const page = await playground.follow('member', undefined, headers);
    const isOver = expect(page.until(() => false)).rejects.toThrow('the stream ended');
    await clock.advance(12 * 3_600_000);
    await isOver;
  });

  it('may be served under any name, and still to no other site', async () => {
    const playground = await start({ adminToken });
    const host = 'parley.example:3000';
    expect((await playground.send('GET', '', { headers: { host } })).status).toBe(200);
    expect((await playground.send('GET', 'api/room', { headers: { host } })).status).toBe(401);
    const foreign = { host, origin: 'https://attacker.example' };
    expect((await playground.send('GET', 'api/room', { headers: foreign })).status).toBe(403);
  });
});
