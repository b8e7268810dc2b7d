import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { repeat } from '../../../../src/core/kit/time/repeat.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

describe('repeat', () => {
  it('works every so often, also after a fault, which it logs', async () => {
    const clock = createFakeClock(0);
    const logged: string[] = [];
    const log = pino({}, { write: (line) => logged.push(JSON.parse(line).msg) });
    const times: number[] = [];
    const background = repeat(
      'counting',
      100,
      async () => {
        times.push(clock.now());
        if (times.length === 2) throw new Error('miscounted');
      },
      { clock, log },
    );
    await clock.advance(350);
    expect(times).toEqual([100, 200, 300]);
    expect(logged).toEqual(['counting failed and is tried again later']);
    await background.stop();
  });

  it('is never at work twice at once, and ends with its work when it is stopped', async () => {
    const clock = createFakeClock(0);
    const log = pino({ level: 'silent' });
    let atWork = 0;
    let signal: AbortSignal | undefined;
    const background = repeat(
      'waiting',
      100,
      (given) => {
        atWork++;
        signal = given;
        return new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason)));
      },
      { clock, log },
    );
    await clock.advance(1_000);
    expect(atWork).toBe(1);
    expect(signal?.aborted).toBe(false);
    await background.stop();
    expect(signal?.aborted).toBe(true);
    await clock.advance(1_000);
    expect(atWork).toBe(1);
    expect(clock.pending).toBe(0);
  });
});
