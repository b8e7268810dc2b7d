import { describe, expect, it } from 'vitest';
import { SlowDown } from '../../../src/core/delivery/slow-down.ts';
import { WriteWindow } from '../../../src/core/delivery/write-window.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const WINDOW_MS = 1_000;

describe('the share of a limit after 429s', () => {
  it('is half at once, and the whole again after five windows', async () => {
    const clock = createFakeClock();
    const slowDown = new SlowDown(clock);
    expect(slowDown.share(WINDOW_MS)).toBe(1);
    slowDown.note(WINDOW_MS);
    expect(slowDown.share(WINDOW_MS)).toBe(0.5);
    await clock.advance(5 * WINDOW_MS);
    expect(slowDown.share(WINDOW_MS)).toBe(1);
  });

  it('counts the 429s of one window once', () => {
    const slowDown = new SlowDown(createFakeClock());
    slowDown.note(WINDOW_MS);
    slowDown.note(WINDOW_MS);
    expect(slowDown.share(WINDOW_MS)).toBe(0.5);
  });

  it('takes twice as long to come back where the next 429 comes soon', async () => {
    const clock = createFakeClock();
    const slowDown = new SlowDown(clock);
    slowDown.note(WINDOW_MS);
    await clock.advance(5 * WINDOW_MS);
    slowDown.note(WINDOW_MS);
    await clock.advance(5 * WINDOW_MS - 1);
    expect(slowDown.share(WINDOW_MS)).toBeLessThan(1);
    await clock.advance(5 * WINDOW_MS);
    expect(slowDown.share(WINDOW_MS)).toBe(1);
  });

  it('is the whole as soon as the platform says what is left', () => {
    const slowDown = new SlowDown(createFakeClock());
    slowDown.note(WINDOW_MS);
    slowDown.end();
    expect(slowDown.share(WINDOW_MS)).toBe(1);
  });

  it('leaves half of a burst for a day', async () => {
    const clock = createFakeClock();
    const slowDown = new SlowDown(clock);
    slowDown.note(WINDOW_MS);
    await clock.advance(3_600_000);
    expect(slowDown.burstShare()).toBe(0.5);
    await clock.advance(24 * 3_600_000);
    expect(slowDown.burstShare()).toBe(1);
  });
});

describe('a window of writes', () => {
  it('counts a write until one whole window after its end', async () => {
    const clock = createFakeClock();
    const window = new WriteWindow(clock, { key: 'window', limit: 1, windowMs: WINDOW_MS });
    window.running++;
    expect(window.freeAtMs(1)).toBe(Number.POSITIVE_INFINITY);
    await clock.advance(400);
    window.end();
    expect(window.freeAtMs(1)).toBe(clock.now() + WINDOW_MS);
    await clock.advance(WINDOW_MS - 1);
    expect([window.used(), window.freeAtMs(2)]).toEqual([1, 0]);
    await clock.advance(1);
    expect([window.used(), window.freeAtMs(1)]).toEqual([0, 0]);
  });

  it('counts writes one after the other if the limit refills', async () => {
    const clock = createFakeClock();
    const window = new WriteWindow(clock, { key: 'bucket', limit: 4, windowMs: 4_000, refills: true });
    window.running += 3;
    expect([window.end(), window.end()]).toEqual([1_000, 2_000]);
    await clock.advance(500);
    expect(window.end()).toBe(2_500);
    const used = [window.used()];
    for (let second = 0; second < 3; second++) {
      await clock.advance(1_000);
      used.push(window.used());
    }
    expect(used).toEqual([3, 2, 1, 0]);
    window.running++;
    expect(window.end()).toBe(1_000);
  });
});
