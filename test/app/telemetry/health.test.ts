import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../../src/app/http/http-server.ts';
import { healthRoutes } from '../../../src/app/telemetry/health.ts';
import type { Adapter } from '../../../src/core/ports/adapter.ts';

let server: HttpServer;
afterEach(() => server.close());

async function serve(state: { discord: boolean; slack: boolean; store: boolean }, mayKnow?: () => boolean) {
  const adapterOf = (platform: 'discord' | 'slack'): Adapter => ({
    platform,
    routes: [],
    ready: () => state[platform],
    start: async () => {},
    stop: async () => {},
  });
  const ping = async () => {
    if (!state.store) throw new Error('no answer');
  };
  const routes = healthRoutes([adapterOf('discord'), adapterOf('slack')], { ping }, mayKnow);
  server = createHttpServer(routes, pino({ level: 'silent' }));
  const address = await server.listen('127.0.0.1', 0);
  return async (path: string) => {
    const response = await fetch(address + path);
    return { status: response.status, text: await response.text() };
  };
}

const READY = { discord: true, slack: true, store: true };

describe('/readyz', () => {
  it('is 200 if every platform is connected and the store answers', async () => {
    const at = await serve(READY);
    expect(await at('/readyz')).toEqual({
      status: 200,
      text: 'discord: ready\nslack: ready\nstore: ready\n',
    });
  });

  it.each(['discord', 'slack', 'store'] as const)(
    'is 503 while %s is not ready, and names it',
    async (what) => {
      const at = await serve({ ...READY, [what]: false });
      const { status, text } = await at('/readyz');
      expect(status).toBe(503);
      expect(text).toContain(`${what}: not ready\n`);
      expect(text.match(/: ready/g)).toHaveLength(2);
    },
  );

  it('tells strangers the bare status', async () => {
    const at = await serve({ ...READY, slack: false }, () => false);
    expect(await at('/readyz')).toEqual({ status: 503, text: 'not ready\n' });
  });

  it('follows what changes', async () => {
    const state = { ...READY, store: false };
    const at = await serve(state);
    expect((await at('/readyz')).status).toBe(503);
    state.store = true;
    expect((await at('/readyz')).status).toBe(200);
  });
});

it('/healthz is 200 whatever is not ready', async () => {
  const at = await serve({ discord: false, slack: false, store: false });
  expect(await at('/healthz')).toEqual({ status: 200, text: 'ok\n' });
});
