import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
// Before anything that has discord.js in it, as at a real start.
import { createDiscordAdapter } from '../../../src/adapters/discord/adapter.ts';
import { createSlackAdapter } from '../../../src/adapters/slack/adapter.ts';
import { createFetch } from '../../../src/app/http/http-client.ts';
import { createSocketProxy, type Proxies } from '../../../src/app/http/proxies.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { createFakeDiscord } from '../../support/discord/fake-discord.ts';
import { openProxy } from '../../support/proxy.ts';
import { createRecordingDispatch } from '../../support/recording-dispatch.ts';
import { createFakeSlack } from '../../support/slack/fake-slack.ts';
import { manifestOf } from '../../support/slack/parley.ts';
import { serveTls } from '../../support/tls.ts';
import { waitUntil } from '../../support/wait-until.ts';

const shared = () => ({
  commands: [],
  limiters: createWriteLimiters(systemClock),
  clock: systemClock,
  log: pino({ level: 'silent' }),
});

describe('Discord behind a proxy', () => {
  it('is reached through it alone: its API by requests, its gateway by a tunnel', async () => {
    const discord = await createFakeDiscord({ gatewayUrl: 'wss://gateway.test/gateway' });
    onTestFinished(() => discord.close());
    const target = new URL(discord.apiUrl);
    const proxy = await openProxy(target.origin, await serveTls(Number(target.port)));
    onTestFinished(() => proxy.close());
    const proxies = { HTTP_PROXY: `http://${proxy.url}`, HTTPS_PROXY: `http://${proxy.url}` };
    const socketAgent = createSocketProxy(proxies)?.agent;
    if (socketAgent === undefined) throw new Error('there is a proxy');
    const adapter = createDiscordAdapter({
      ...shared(),
      connection: {
        token: discord.token,
        apiUrl: 'http://discord.test/api',
        fetch: createFetch(proxies),
        shards: 'auto',
        socketAgent,
        waitForIdentify: async () => {},
      },
    });
    onTestFinished(() => adapter.stop());
    await adapter.start(createRecordingDispatch());
    expect(adapter.ready()).toBe(true);
    expect(proxy.asked).toContain('CONNECT gateway.test:443');
    // Asked for by discord.js itself.
    expect(proxy.asked).toContain('GET http://discord.test/api/v10/gateway/bot');
  });
});

describe('Slack behind a proxy', () => {
  async function startSlack(how: { readonly noProxy?: string } = {}) {
    const manifest = manifestOf({ commands: [] });
    const slack = await createFakeSlack({ manifest, socketHost: 'sockets.test' });
    onTestFinished(() => slack.close());
    const proxy = await openProxy(new URL(slack.apiUrl).origin);
    onTestFinished(() => proxy.close());
    const proxies: Proxies = { HTTP_PROXY: `http://${proxy.url}`, NO_PROXY: how.noProxy };
    const socketDispatcher = createSocketProxy(proxies)?.dispatcher;
    if (socketDispatcher === undefined) throw new Error('there is a proxy');
    const adapter = createSlackAdapter({
      ...shared(),
      botToken: slack.app.botToken,
      transport: { mode: 'socket', appToken: slack.app.appToken },
      apiUrl: 'http://slack.test/api/',
      fetch: createFetch(proxies),
      socketDispatcher,
    });
    onTestFinished(() => adapter.stop());
    const started = adapter.start(createRecordingDispatch());
    return { slack, proxy, adapter, started };
  }

  it('is reached through it alone: its API by requests, Socket Mode by a tunnel, and again after a cut', async () => {
    const { slack, proxy, adapter, started } = await startSlack();
    await started;
    expect(adapter.ready()).toBe(true);
    const tunnels = () => proxy.asked.filter((line) => /^CONNECT sockets\.test:\d+$/.test(line));
    expect(tunnels()).toHaveLength(1);
    expect(proxy.asked).toContain('POST http://slack.test/api/apps.connections.open');
    slack.socket.drop();
    await waitUntil(() => expect(tunnels()).toHaveLength(2));
    await waitUntil(() => expect(adapter.ready()).toBe(true));
  });

  it('goes past it to the hosts of NO_PROXY', async () => {
    const { proxy, started } = await startSlack({ noProxy: 'sockets.test' });
    // There is no such host.
    await expect(started).rejects.toThrow();
    expect(proxy.asked).toContain('POST http://slack.test/api/apps.connections.open');
    expect(proxy.asked.filter((line) => line.startsWith('CONNECT'))).toEqual([]);
  });
});

it('needs no way for sockets without a proxy', () => {
  expect(createSocketProxy({ NO_PROXY: '.test' })).toBeNull();
});
