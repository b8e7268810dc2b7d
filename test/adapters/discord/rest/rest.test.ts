import { Routes } from 'discord.js';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { DiscordFault } from '../../../../src/adapters/discord/rest/errors.ts';
import { createRest } from '../../../../src/adapters/discord/rest/rest.ts';
import { SharedLimiter } from '../../../../src/core/delivery/shared-limiter.ts';
import { createWriteLimiters } from '../../../../src/core/delivery/write-limiter.ts';
import { RateLimited } from '../../../../src/core/ports/delivery-errors.ts';
import { createFakeDiscord } from '../../../support/discord/fake-discord.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createFastClock } from '../../../support/fast-clock.ts';
import { createMemoryPace } from '../../../support/memory-pace.ts';

const log = pino({ level: 'silent' });
const never = new AbortController().signal;

it('keeps the bot’s limit together with other processes', async () => {
  const clock = createFastClock(3);
  const discord = await createFakeDiscord({ clock });
  const store = createMemoryPace(clock);
  const processes = Array.from({ length: 3 }, () => {
    const limiters = createWriteLimiters(clock, new SharedLimiter(store, { clock, log }));
    return createRest({ apiUrl: discord.apiUrl, token: discord.token, fetch, clock, limiters });
  });
  const request = { method: 'GET', path: Routes.gatewayBot() } as const;
  await Promise.all(Array.from({ length: 150 }, (_, index) => processes[index % 3]?.request(request, never)));
  expect(discord.requests).toHaveLength(150);
  expect(discord.violations).toEqual([]);
  await discord.close();
});

it('sends nothing for a while where Cloudflare turns its address away', async () => {
  const clock = createFakeClock();
  const discord = await createFakeDiscord({ clock });
  const { apiUrl, token } = discord;
  const rest = createRest({ apiUrl, token, fetch, clock, limiters: createWriteLimiters(clock) });
  discord.faults.add('GET', /applications/, { kind: 'block' });
  const blocked = rest.request({ method: 'GET', path: Routes.currentApplication() }, never);
  await expect(blocked).rejects.toBeInstanceOf(RateLimited);
  const further = rest.request({ method: 'GET', path: Routes.gatewayBot() }, never);
  await clock.advance(59_000);
  expect(discord.requests).toHaveLength(1);
  await clock.advance(1_000);
  await further;
  await discord.close();
});

describe('a request to Discord', () => {
  const get = { method: 'GET', path: Routes.gatewayBot() } as const;
  const scope = { key: 'discord:room', limit: 1, windowMs: 10_000 };

  function setUp(answer: (signal: AbortSignal) => Response | Promise<Response>) {
    const clock = createFakeClock();
    const sentAtMs: number[] = [];
    const startMs = clock.now();
    const rest = createRest({
      apiUrl: 'https://discord.test/api',
      token: 'token',
      clock,
      limiters: createWriteLimiters(clock),
      fetch: async (_, init) => {
        sentAtMs.push(clock.now() - startMs);
        return answer(init?.signal ?? never);
      },
    });
    /** How a request ended, and when; null if it still runs. */
    function watch(request: Promise<unknown>) {
      const seen: { end: { value: unknown; afterMs: number } | null } = { end: null };
      const settle = (value: unknown) => {
        seen.end = { value, afterMs: clock.now() - startMs };
      };
      request.then(settle, settle);
      return seen;
    }
    return { clock, rest, sentAtMs, watch };
  }

  const silence = (signal: AbortSignal) =>
    new Promise<Response>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const limited = (retryAfterSec: number) => Response.json({ retry_after: retryAfterSec }, { status: 429 });

  it.each([
    ['15 s', {}, 15_000],
    [
      '60 s if it uploads',
      { files: [{ name: 'a', mediaType: 'a/b', description: '', bytes: new Uint8Array() }] },
      60_000,
    ],
  ])('fails without an answer after %s', async (_, more, afterMs) => {
    const { clock, rest, watch } = setUp(silence);
    const request = watch(rest.request({ ...get, method: 'POST', ...more }, never));
    await clock.advance(afterMs * 2);
    expect(request.end).toEqual({ value: expect.any(DiscordFault), afterMs });
  });

  it('leaves no timer', async () => {
    const { clock, rest, watch } = setUp(() => Response.json({}));
    const request = watch(rest.insist({ ...get, scope }, never));
    await clock.advance(0);
    expect(request.end).toMatchObject({ value: {} });
    expect(clock.pending).toBe(0);
  });

  it('is tried again four times within 8 s if it insists', async () => {
    const { clock, rest, sentAtMs, watch } = setUp(() => new Response(null, { status: 503 }));
    const request = watch(rest.insist(get, never));
    await clock.advance(60_000);
    expect(sentAtMs).toEqual([0, 500, 1_500, 3_500, 7_500]);
    expect(request.end).toEqual({ value: expect.any(DiscordFault), afterMs: 7_500 });
  });

  it('waits for room, and as long as a 429 says, but no longer than its patience', async () => {
    const waits = [2, 3];
    const { clock, rest, sentAtMs, watch } = setUp(() => limited(waits.shift() ?? 0));
    const request = watch(rest.insist({ ...get, path: Routes.webhook('1', 't'), patienceMs: 3_000 }, never));
    await clock.advance(60_000);
    expect(sentAtMs).toEqual([0, 2_000]);
    // Interactions are exempt from the bot's own limit, whatever the 429 says.
    expect(request.end).toMatchObject({ value: { retryAfterMs: 3_000, scope: null }, afterMs: 2_000 });
  });

  it('gives up if its scope has no room in time', async () => {
    const { clock, rest, sentAtMs, watch } = setUp(() => Response.json({}));
    const first = watch(rest.insist({ ...get, scope }, never));
    const second = watch(rest.insist({ ...get, scope, patienceMs: 3_000 }, never));
    await clock.advance(60_000);
    expect(first.end).toMatchObject({ afterMs: 0 });
    expect(second.end).toMatchObject({ value: expect.any(RateLimited), afterMs: 3_000 });
    expect(sentAtMs).toEqual([0]);
  });
});
