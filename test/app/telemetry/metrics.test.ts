import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../../src/app/http/http-server.ts';
import { forOperator } from '../../../src/app/http/operator-only.ts';
import { createMetrics, type Metrics } from '../../../src/app/telemetry/metrics.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import { createSlots } from '../../../src/core/kit/scheduling/slots.ts';
import { RateLimited } from '../../../src/core/ports/delivery-errors.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const never = new AbortController().signal;
let server: HttpServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
});

const state = { isStoreUp: true, isReady: true };
const adapters = [{ platform: 'slack', ready: () => state.isReady }] as const;

function setUp() {
  const clock = createFakeClock();
  const slots = createSlots({ max: 2, maxPerGuild: 2, maxWaitingPerGuild: 9, maxWaiting: 9, clock });
  return {
    clock,
    slots,
    metrics: createMetrics({ slots, adapters, isStoreUp: () => state.isStoreUp }),
  };
}

async function serve(metrics: Metrics, adminToken?: string, isExposed = false): Promise<string> {
  server = createHttpServer(
    [forOperator(metrics.route, { adminToken, isExposed })],
    pino({ level: 'silent' }),
  );
  return `${await server.listen('127.0.0.1', 0)}/metrics`;
}

const facts = {
  answer: 'a1',
  guild: 'discord:1',
  model: 'openai/gpt-4o',
  provider: 'openai',
  payer: 'operator',
  tier: 'premium',
  status: 'complete',
  delivered: true,
  firstTextMs: 420,
  durationMs: 3_000,
  endLagMs: 80,
  costNanoUsd: 2_500_000,
  failure: null,
} as const;

describe('/metrics', () => {
  it('counts answers, costs, failures and times, and names no guild', async () => {
    const { metrics, slots } = setUp();
    metrics.answered(facts);
    metrics.answered({
      ...facts,
      status: 'failed',
      delivered: false,
      failure: 'rate_limited',
      firstTextMs: null,
    });
    await slots.acquireSlot('discord:1', () => {}, never);
    const text = await (await fetch(await serve(metrics))).text();
    expect(text).toContain(
      'parley_answers_total{platform="discord",model="openai/gpt-4o",provider="openai",payer="operator",status="complete"} 1',
    );
    expect(text).toContain('parley_answers_undelivered_total{platform="discord"} 1');
    expect(text).toContain('parley_provider_failures_total{provider="openai",cause="rate_limited"} 1');
    expect(text).toContain('parley_cost_usd_total{tier="premium",payer="operator"} 0.005');
    expect(text).toContain('parley_first_text_seconds_count{model="openai/gpt-4o"} 1');
    expect(text).toContain('parley_answers_streaming 1');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).not.toContain('discord:1');
  });

  it('says whether platforms and the store are well', async () => {
    const url = await serve(setUp().metrics);
    const read = async () =>
      (await (await fetch(url)).text()).match(/^parley_(platform_ready|store_up).*$/gm);
    expect(await read()).toEqual(['parley_platform_ready{platform="slack"} 1', 'parley_store_up 1']);
    Object.assign(state, { isStoreUp: false, isReady: false });
    const down = await read();
    Object.assign(state, { isStoreUp: true, isReady: true });
    expect(down).toEqual(['parley_platform_ready{platform="slack"} 0', 'parley_store_up 0']);
  });

  it('counts writes by outcome, 429s among them', async () => {
    const { clock, metrics } = setUp();
    const limiters = metrics.watch(createWriteLimiters(clock));
    const scope = { key: 'discord:edit:1', limit: 5, windowMs: 5_000 };
    await limiters.run(
      scope,
      () => 'last' as const,
      async () => 'shown',
      never,
    );
    const refused = limiters.run(
      scope,
      () => 'last' as const,
      () => Promise.reject(new RateLimited(1_000)),
      never,
    );
    await expect(refused).rejects.toThrow(RateLimited);
    const text = await (await fetch(await serve(metrics))).text();
    expect(text).toContain('parley_writes_total{platform="discord",outcome="ok"} 1');
    expect(text).toContain('parley_writes_total{platform="discord",outcome="rate_limited"} 1');
  });

  it('is for the operator alone: by token where one is set, else from this machine and not forwarded', async () => {
    const { metrics } = setUp();
    const open = await serve(metrics);
    expect((await fetch(open)).status).toBe(200);
    expect((await fetch(open, { headers: { 'x-forwarded-for': '10.0.0.9' } })).status).toBe(401);
    for (const name of ['x-real-ip', 'via', 'cf-ray', 'cdn-loop', 'true-client-ip', 'x-envoy-attempt-count'])
      expect((await fetch(open, { headers: { [name]: '10.0.0.9' } })).status, name).toBe(401);
    // A page of another site, under a name that it made lead here.
    expect(await statusUnderName(open, 'evil.example')).toBe(401);
    expect((await fetch(open, { headers: { origin: 'http://evil.example' } })).status).toBe(401);
    await server?.close();
    // With Slack over HTTP a proxy stands before it, of which nothing may show.
    expect((await fetch(await serve(metrics, undefined, true))).status).toBe(401);
    await server?.close();
    const token = 'a-token-of-some-length';
    const closed = await serve(metrics, token);
    expect((await fetch(closed)).status).toBe(401);
    expect((await fetch(closed, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await fetch(closed, { headers: { authorization: `bearer  ${token}` } })).status).toBe(200);
    expect((await fetch(closed, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });
});

function statusUnderName(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}

describe('the Grafana dashboard', () => {
  it('asks for metrics that there are', async () => {
    const { metrics } = setUp();
    metrics.answered({ ...facts, failure: 'timeout', delivered: false });
    const text = await (await fetch(await serve(metrics))).text();
    const asked =
      readFileSync('deploy/grafana-dashboard.json', 'utf8').match(/\b(parley|nodejs|process)_[a-z0-9_]+/g) ??
      [];
    expect(asked.length).toBeGreaterThan(10);
    for (const name of new Set(asked))
      expect(text, name).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `);
  });
});
