import { expect, it } from 'vitest';
import { takeStream } from '../../../../src/adapters/slack/answers/take-stream.ts';
import { streamScope } from '../../../../src/adapters/slack/api/limits.ts';
import { createWriteLimiters } from '../../../../src/core/delivery/write-limiter.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const { limit, longestMs, windowMs } = streamScope('T1');

function setUp() {
  const clock = createFakeClock();
  const { enterIfFree: take } = createWriteLimiters(clock);
  const acquire = () => takeStream({ team: 'T1', enterIfFree: take }, clock);
  const all = () => Promise.all(Array.from({ length: limit }, acquire));
  return { clock, acquire, all };
}

it('gives a stream back a minute after its end, and not before', async () => {
  const { clock, acquire, all } = setUp();
  const [first] = await all();
  expect(await acquire()).toBeNull();
  first?.();
  first?.();
  await clock.advance(windowMs - 1);
  expect(await acquire()).toBeNull();
  await clock.advance(1);
  expect(await acquire()).not.toBeNull();
  expect(await acquire()).toBeNull();
});

it('gives a stream back by itself when it must be dead, if nobody ended it', async () => {
  const { clock, acquire, all } = setUp();
  await all();
  await clock.advance(longestMs + windowMs - 1);
  expect(await acquire()).toBeNull();
  await clock.advance(1);
  expect((await all()).every((slot) => slot !== null)).toBe(true);
});
