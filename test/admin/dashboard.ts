import { createAdmin } from '../../src/admin/admin.ts';
import { createAdminHost } from '../../src/app/admin-host.ts';
import { createHttpServer } from '../../src/app/http/http-server.ts';
import { createSlots, type Slots } from '../../src/core/kit/scheduling/slots.ts';
import { systemClock } from '../../src/core/kit/time/clock.ts';
import type { Adapter } from '../../src/core/ports/adapter.ts';
import { createLogin } from '../../src/http/login.ts';
import { createTestBot, type TestBot, type TestBotOptions } from '../support/test-bot.ts';

export const ADMIN_TOKEN = 'a-token-of-this-test';

export interface Dashboard {
  readonly bot: TestBot;
  readonly url: string;
  /** The process's slots for answers: one, for which one question may wait. */
  readonly slots: Slots;
  /** The state that the test's platform reports. */
  readonly platform: { isReady: boolean };
  /** Opens a page with a session, or with these headers alone. */
  get(path: string, headers?: Record<string, string>): Promise<Page>;
  /** Sends a form as the page itself would, or with these headers in the place of its own. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The dashboard over the whole core, on a real server. */
export async function startDashboard(
  options: TestBotOptions & { withoutToken?: boolean } = {},
): Promise<Dashboard> {
  const bot = await createTestBot(options);
  const clock = options.clock ?? systemClock;
  const platform = { isReady: true };
  const adapter: Adapter = {
    platform: 'discord',
    routes: [],
    start: async () => {},
    ready: () => platform.isReady,
    stop: async () => {},
  };
  const slots = createSlots({ max: 1, maxPerGuild: 1, maxWaiting: 1, maxWaitingPerGuild: 1, clock });
  const host = createAdminHost({
    services: bot.services,
    store: bot.store,
    adapters: [adapter],
    providers: {
      clients: new Set(['openai', 'openrouter', 'xai']),
      usable: new Set(['openrouter', 'xai']),
      nameOf: (id) => id,
    },
    refusals: Promise.resolve([{ id: 'xai', variable: 'XAI_API_KEY' }]),
    slots,
  });
  const login = options.withoutToken ? null : createLogin(ADMIN_TOKEN, clock, bot.log);
  const server = createHttpServer(createAdmin({ host, login, log: bot.log }), bot.log);
  const url = await server.listen('127.0.0.1', 0);
  let cookie = '';

  async function send(path: string, init: RequestInit): Promise<Page> {
    const response = await fetch(url + path, { redirect: 'manual', ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  async function session(): Promise<string> {
    if (cookie !== '') return cookie;
    const opened = await dashboard.post('/admin/login', { token: ADMIN_TOKEN }, { origin: url });
    cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    return cookie;
  }

  const dashboard: Dashboard = {
    bot,
    url,
    slots,
    platform,
    get: async (path, headers) => send(path, { headers: headers ?? { cookie: await session() } }),
    post: async (path, fields, headers) =>
      send(path, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: headers ?? { cookie: await session(), origin: url },
      }),
    async close() {
      await server.close();
      await bot.close();
    },
  };
  return dashboard;
}
