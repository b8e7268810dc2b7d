import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { AdminHost } from '../../src/admin/host.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { createHttpServer } from '../../src/app/http/http-server.ts';
import { routesOf } from '../../src/app/routes.ts';
import type { Adapter } from '../../src/core/ports/adapter.ts';

const TOKEN = 'a-token-of-some-length';
const SECRET = '0123456789abcdef0123456789abcdef';
const log = pino({ level: 'silent' });
const discord: Adapter = {
  platform: 'discord',
  routes: [],
  ready: () => true,
  start: async () => {},
  stop: async () => {},
};

async function serve(environment: Record<string, string>): Promise<string> {
  const routes = routesOf({
    config: readConfig(environment),
    store: { ping: async () => {} },
    adapters: [discord],
    metrics: { path: '/metrics', handle: (_request, response) => void response.end() },
    admin: {} as AdminHost,
    login: null,
    log,
  });
  const server = createHttpServer(routes, log);
  onTestFinished(server.close);
  return server.listen('127.0.0.1', 0);
}

it('serves the dashboard at its root and below, and metrics to the operator', async () => {
  const address = await serve({});
  for (const path of ['/admin', '/admin/', '/admin/guilds']) {
    const response = await fetch(address + path);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('ADMIN_TOKEN')]);
  }
  expect((await fetch(`${address}/metrics`)).status).toBe(200);
});

it('tells details of /readyz to the operator alone where a proxy stands before the server', async () => {
  const details = 'discord: ready\nstore: ready\n';
  const textOf = async (address: string, headers = {}) =>
    (await fetch(`${address}/readyz`, { headers })).text();
  expect(await textOf(await serve({}))).toBe(details);
  const exposed = { SLACK_BOT_TOKEN: 'xoxb-1-2-abc', SLACK_SIGNING_SECRET: SECRET };
  expect(await textOf(await serve(exposed))).toBe('ready\n');
  const closed = await serve({ ...exposed, ADMIN_TOKEN: TOKEN });
  expect(await textOf(closed)).toBe('ready\n');
  expect(await textOf(closed, { authorization: `Bearer ${TOKEN}` })).toBe(details);
});
