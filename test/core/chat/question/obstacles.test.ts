import { expect, it } from 'vitest';
import { createObstacles } from '../../../../src/core/chat/question/obstacles.ts';
import type { Place } from '../../../../src/core/ports/events.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const at = (channel: string, key: string | null): Place => ({ guild: 'discord:1', channel, key });

it('a place that refused a post is remembered for five minutes, as a channel or as one conversation', async () => {
  const clock = createFakeClock();
  const obstacles = createObstacles(clock);
  obstacles.note(at('c1', 't1'), 'channel', 'No posting.');
  obstacles.note(at('c2', 't2'), 'place', 'Locked.');
  obstacles.note(at('c3', null), 'place', 'Nowhere.');
  const seen = () => [at('c1', 'other'), at('c2', 't2'), at('c2', 'other'), at('c3', null)].map(obstacles.at);
  expect(seen()).toEqual(['No posting.', 'Locked.', null, null]);
  await clock.advance(5 * 60_000 - 1);
  expect(seen()).toEqual(['No posting.', 'Locked.', null, null]);
  await clock.advance(1);
  expect(seen()).toEqual([null, null, null, null]);
});

it('at most 1,000 are remembered, the newest', () => {
  const obstacles = createObstacles(createFakeClock());
  for (let channel = 0; channel <= 1_000; channel++)
    obstacles.note(at(`c${channel}`, null), 'channel', 'No.');
  expect([0, 1, 1_000].map((channel) => obstacles.at(at(`c${channel}`, null)))).toEqual([null, 'No.', 'No.']);
});
