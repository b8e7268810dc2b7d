import { expect, it } from 'vitest';
import type { Coordination } from '../../../src/core/coordination/coordination.ts';
import { createArrivals } from '../../../src/core/dispatch/arrivals.ts';
import type { Hearing } from '../../../src/core/dispatch/hearing.ts';
import type { Teller } from '../../../src/core/dispatch/teller.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { messageOf } from '../../support/test-bot.ts';

it('leaves room between events that take long, in which others are received and acknowledged', async () => {
  const entry = { resumeAt() {}, async end() {} };
  const coordination = {
    journal: { claimEvent: async () => entry },
    stops: { arrive: () => () => {} },
  } as unknown as Coordination;
  const arrivals = createArrivals(coordination, {} as Hearing, {} as Teller, createLogRecorder().log);
  let handled = 0;
  async function work(): Promise<void> {
    const endMs = performance.now() + 10;
    while (performance.now() < endMs);
    handled++;
  }
  const all = Array.from({ length: 10 }, () => arrivals.handleOnce(messageOf('hi'), work));
  const handledByTurn: number[] = [];
  const look = setInterval(() => handledByTurn.push(handled), 0);
  await Promise.all(all);
  clearInterval(look);
  expect(handled).toBe(10);
  expect(handledByTurn.filter((count) => count > 0 && count < 10).length).toBeGreaterThan(1);
});
