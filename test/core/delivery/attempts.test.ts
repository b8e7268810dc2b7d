import { describe, expect, it } from 'vitest';
import { Attempts } from '../../../src/core/delivery/attempts.ts';
import {
  PassingFault,
  PlaceGone,
  PlaceLocked,
  RateLimited,
  Unshowable,
} from '../../../src/core/ports/delivery-errors.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const HOUR_MS = 3_600_000;

/** Tries writes that all fail with what `fault` gives, until nothing can be shown any more. */
function setUp(fault: (tries: number) => unknown) {
  const clock = createFakeClock();
  const startMs = clock.now();
  const { log, lines } = createLogRecorder();
  const stopping = new AbortController();
  let gone = 0;
  const attempts = new Attempts({ clock, log, signal: stopping.signal, onGone: () => gone++ });
  const times: number[] = [];
  const outcomes: string[] = [];
  const write = async () => {
    times.push(clock.now() - startMs);
    const error = fault(times.length);
    if (error !== null) throw error;
  };
  const once = async () => {
    outcomes.push(await attempts.attempt(write, () => ({ answer: 'a1' })));
    return outcomes.at(-1);
  };
  async function run(): Promise<void> {
    while ((await once()) === 'again');
  }
  const logged = () => lines.map((line) => JSON.parse(line));
  return { clock, attempts, times, outcomes, stopping, run, once, logged, goneTimes: () => gone };
}

const seconds = (times: readonly number[]) => times.map((ms) => ms / 1_000);

describe('the attempts to show an answer', () => {
  it('come after 0.5, 1, 2 … 30 s while the platform is away, for an hour', async () => {
    const fault = new PassingFault('away');
    const { clock, attempts, times, run, logged, goneTimes } = setUp(() => fault);
    const running = run();
    await clock.advance(HOUR_MS);
    expect(seconds(times.slice(0, 9))).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]);
    expect([attempts.gone, goneTimes()]).toEqual([null, 0]);
    await clock.advance(30_000);
    await running;
    expect([attempts.gone, goneTimes()]).toEqual([fault, 1]);
    expect(logged()[0]).toMatchObject({
      level: 40,
      msg: 'could not show an answer; retrying',
      faults: 0,
      err: { message: 'away' },
    });
    expect(logged().at(-1)).toMatchObject({
      level: 40,
      msg: 'gave up showing an answer',
      err: { message: 'away' },
      faults: times.length - 1,
    });
    attempts.giveUp(new Error('again'));
    expect([attempts.gone, goneTimes()]).toEqual([fault, 1]);
    expect(clock.pending).toBe(0);
  });

  it('are counted anew after one that worked', async () => {
    const { clock, times, run } = setUp((tries) => (tries % 3 === 0 ? null : new PassingFault('away')));
    for (const _ of [1, 2]) {
      const running = run();
      await clock.advance(10_000);
      await running;
    }
    expect(seconds(times)).toEqual([0, 0.5, 1.5, 10, 10.5, 11.5]);
  });

  it('are three within half a minute after a fault that is not known to be temporary', async () => {
    const fault = new Error('unknown');
    const { clock, attempts, times, run, goneTimes } = setUp(() => fault);
    const running = run();
    await clock.advance(HOUR_MS);
    await running;
    expect(seconds(times)).toEqual([0, 5, 25]);
    expect(attempts.gone).toBeInstanceOf(PlaceGone);
    expect(attempts.gone).toMatchObject({ reason: 'refused', cause: fault });
    expect(goneTimes()).toBe(1);
  });

  it('end at once if the place is gone, or locked', async () => {
    const gone = new PlaceGone('deleted');
    const first = setUp(() => gone);
    await first.run();
    expect([first.outcomes, first.attempts.gone, first.attempts.lockedAt]).toEqual([['over'], gone, null]);

    const second = setUp(() => new PlaceLocked('thread-1'));
    await second.run();
    expect([second.outcomes, second.attempts.gone, second.attempts.lockedAt]).toEqual([
      ['over'],
      null,
      'thread-1',
    ]);
    expect(second.logged()).toMatchObject([
      { level: 30, place: 'thread-1', msg: 'an answer waits for its place to be unlocked' },
    ]);
  });

  it('end without a further one if the process stops, and nobody hears of it', async () => {
    const { clock, attempts, outcomes, stopping, run, logged } = setUp(() => new PassingFault('away'));
    const running = run();
    await clock.advance(600);
    stopping.abort();
    await running;
    expect([outcomes, attempts.gone, clock.pending]).toEqual([['again', 'again', 'over'], null, 0]);
    expect(logged()).toHaveLength(2);
  });

  it('do not repeat a view that the platform refuses, and log what it was', async () => {
    const { outcomes, run, logged } = setUp(() => new Unshowable('too long'));
    await run();
    expect(outcomes).toEqual(['refused']);
    expect(logged()).toMatchObject([
      {
        level: 50,
        answer: 'a1',
        msg: 'the platform refused a state of an answer',
        err: { message: 'too long' },
      },
    ]);
  });

  it('follow a rate limit at once, for the limiter waits', async () => {
    const { clock, times, outcomes, once, logged } = setUp(() => new RateLimited(5_000));
    await once();
    await once();
    expect([outcomes, times, logged(), clock.pending]).toEqual([['again', 'again'], [0, 0], [], 0]);
  });

  it('go on for 15 s once nobody wants the answer, and one that waits comes at once', async () => {
    const { clock, attempts, times, run } = setUp(() => new PassingFault('away'));
    const running = run();
    await clock.advance(100_000);
    attempts.unwanted();
    await clock.advance(60_000);
    await running;
    // 30 s after the one that came at once, which is too late for another.
    expect(seconds(times.slice(-3))).toEqual([91.5, 100, 130]);
    expect(attempts.gone).toBeInstanceOf(PassingFault);
  });

  it('go on for 15 s from the first fault, if nobody wanted the answer before', async () => {
    const { clock, attempts, times, run } = setUp(() => new PassingFault('away'));
    attempts.unwanted();
    await clock.advance(40_000);
    const running = run();
    await clock.advance(40_000);
    await running;
    expect(seconds(times)).toEqual([40, 40.5, 41.5, 43.5, 47.5, 55.5]);
  });
});
