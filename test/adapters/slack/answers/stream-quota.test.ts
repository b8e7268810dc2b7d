import { expect, it } from 'vitest';
import { createStreamQuota } from '../../../../src/adapters/slack/answers/stream-quota.ts';
import { streamScope } from '../../../../src/adapters/slack/api/limits.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { createWriteLimiters } from '../../../../src/core/delivery/write-limiter.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const { limit, longestMs, windowMs } = streamScope('T1');

function setUp() {
  const clock = createFakeClock();
  const { enterIfFree: take } = createWriteLimiters(clock);
  const quota = createStreamQuota({ team: 'T1', enterIfFree: take } as Workspace, clock);
  const all = () => Promise.all(Array.from({ length: limit }, () => quota.acquireStream()));
  return { clock, quota, all };
}

it('gives a stream back a minute after its end, and not before', async () => {
  const { clock, quota, all } = setUp();
  const [first] = await all();
  expect(await quota.acquireStream()).toBeNull();
  first?.release();
  first?.release();
  await clock.advance(windowMs - 1);
  expect(await quota.acquireStream()).toBeNull();
  await clock.advance(1);
  expect(await quota.acquireStream()).not.toBeNull();
  expect(await quota.acquireStream()).toBeNull();
});

it('gives a stream back by itself when it must be dead, if nobody ended it', async () => {
  const { clock, quota, all } = setUp();
  await all();
  await clock.advance(longestMs + windowMs - 1);
  expect(await quota.acquireStream()).toBeNull();
  await clock.advance(1);
  expect((await all()).every((slot) => slot !== null)).toBe(true);
});
