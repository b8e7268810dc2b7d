import { Routes } from 'discord.js';
import { pino } from 'pino';
import { expect, it } from 'vitest';
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
