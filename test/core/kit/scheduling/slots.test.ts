import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSlots,
  type QueuePlace,
  type Slot,
  type Slots,
} from '../../../../src/core/kit/scheduling/slots.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const never = new AbortController().signal;
const quietly = () => {};

function setUp(options: Partial<Parameters<typeof createSlots>[0]> = {}) {
  const clock = createFakeClock();
  const slots = createSlots({
    max: 2,
    maxPerGuild: 2,
    maxWaitingPerGuild: 10,
    maxWaiting: 20,
    clock,
    ...options,
  });
  return { clock, slots };
}

async function held(slots: Slots, guild: string): Promise<Slot> {
  const slot = await slots.acquireSlot(guild, quietly, never);
  if (!slot.ok) throw new Error('crowded');
  return slot;
}

describe('slots', () => {
  it('are given at once while there are some, and then to who waits, who is told', async () => {
    const { slots } = setUp();
    const first = await held(slots, 'a');
    await held(slots, 'a');
    let told = 0;
    const third = slots.acquireSlot('a', () => told++, never);
    expect([slots.used, slots.waiting, told]).toEqual([2, 1, 1]);
    first.release();
    first.release();
    await third;
    expect([slots.used, slots.waiting]).toEqual([2, 0]);
  });

  it('do not let a busy guild starve others: guilds take turns', async () => {
    const { slots } = setUp({ max: 1, maxPerGuild: 1 });
    const order: string[] = [];
    const work = async (guild: string, name: string) => {
      const slot = await held(slots, guild);
      order.push(name);
      slot.release();
    };
    const first = await held(slots, 'busy');
    const all = [
      ...[1, 2, 3, 4].map((index) => work('busy', `busy ${index}`)),
      work('quiet', 'quiet 1'),
      work('other', 'other 1'),
    ];
    first.release();
    await Promise.all(all);
    expect(order).toEqual(['busy 1', 'quiet 1', 'other 1', 'busy 2', 'busy 3', 'busy 4']);
  });

  it('keep room for others: one guild has no more than its share', async () => {
    const { slots } = setUp({ max: 3, maxPerGuild: 2 });
    await held(slots, 'a');
    await held(slots, 'a');
    const waits = slots.acquireSlot('a', quietly, never);
    await held(slots, 'b');
    expect([slots.used, slots.waiting]).toEqual([3, 1]);
    void waits;
  });

  it('are refused with a time where too many wait, by guild and in all', async () => {
    const { clock, slots } = setUp({ max: 1, maxPerGuild: 1, maxWaitingPerGuild: 1, maxWaiting: 2 });
    const first = await held(slots, 'a');
    await clock.advance(5_000);
    void slots.acquireSlot('a', quietly, never);
    const crowded = await slots.acquireSlot('a', quietly, never);
    expect(crowded).toMatchObject({ ok: false, retryAfterMs: expect.any(Number) });
    expect(!crowded.ok && crowded.retryAfterMs).toBeGreaterThanOrEqual(15_000);
    void slots.acquireSlot('b', quietly, never);
    expect((await slots.acquireSlot('c', quietly, never)).ok).toBe(false);
    first.release();
  });

  it('say when to come again by how long they were held lately', async () => {
    const { clock, slots } = setUp({ max: 2, maxPerGuild: 1, maxWaitingPerGuild: 2, maxWaiting: 3 });
    const first = await held(slots, 'a');
    const refusal = async (guild: string) => {
      const refused = await slots.acquireSlot(guild, quietly, never);
      return refused.ok ? null : refused.retryAfterMs;
    };
    void slots.acquireSlot('a', quietly, never).then((slot) => slot.ok && slot.release());
    void slots.acquireSlot('a', quietly, never).then((slot) => slot.ok && slot.release());
    // The wait of two that share two slots is shorter than that of two in a guild with one.
    expect(await refusal('a')).toBe(30_000);
    await clock.advance(25_000);
    first.release();
    await clock.advance(0);
    expect([slots.used, slots.waiting]).toEqual([0, 0]);
    // 15 s is the first guess; each duration counts a tenth: 25 s, 0 s, 0 s.
    await Promise.all(['a', 'b'].map((guild) => held(slots, guild)));
    let placeNow: (() => QueuePlace) | undefined;
    void slots.acquireSlot('a', (place) => (placeNow = place), never);
    expect(placeNow?.()).toEqual({ position: 1, waitMs: 12_960 });
  });

  it('are no more than the share of a guild, also if others give theirs back', async () => {
    const { slots } = setUp({ max: 2, maxPerGuild: 1 });
    await held(slots, 'a');
    const other = await held(slots, 'b');
    void slots.acquireSlot('a', quietly, never);
    other.release();
    await Promise.resolve();
    expect([slots.used, slots.waiting]).toEqual([1, 1]);
  });

  it('come later for a guild that gave up and came again', async () => {
    const { slots } = setUp({ max: 1, maxPerGuild: 1 });
    const first = await held(slots, 'a');
    const leaving = new AbortController();
    const gone = slots.acquireSlot('b', quietly, leaving.signal);
    leaving.abort(new Error('stopped'));
    await expect(gone).rejects.toThrow('stopped');
    await expect(slots.acquireSlot('b', quietly, leaving.signal)).rejects.toThrow('stopped');
    const order: string[] = [];
    const waits = ['c', 'b'].map((guild) =>
      held(slots, guild).then((slot) => {
        order.push(guild);
        slot.release();
      }),
    );
    first.release();
    await Promise.all(waits);
    expect(order).toEqual(['c', 'b']);
  });

  it('go to the next where somebody gives up waiting', async () => {
    const { slots } = setUp({ max: 1 });
    const first = await held(slots, 'a');
    const leaving = new AbortController();
    const gone = slots.acquireSlot('b', quietly, leaving.signal);
    const stays = slots.acquireSlot('c', quietly, never);
    leaving.abort(new Error('stopped'));
    await expect(gone).rejects.toThrow('stopped');
    first.release();
    expect((await stays).ok).toBe(true);
    expect([slots.used, slots.waiting]).toEqual([1, 0]);
  });

  it('never pass a bound nor get lost, whatever comes and goes', async () => {
    const step = fc.record({
      guild: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('take', 'release', 'leave'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { slots } = setUp({ max: 3, maxPerGuild: 2, maxWaitingPerGuild: 4, maxWaiting: 6 });
        const inUse = new Map<string, Slot[]>([
          ['a', []],
          ['b', []],
          ['c', []],
        ]);
        const waiting: AbortController[] = [];
        const all: Promise<void>[] = [];
        for (const { guild, kind } of steps) {
          if (kind === 'release') inUse.get(guild)?.shift()?.release();
          else if (kind === 'leave') waiting.shift()?.abort();
          else {
            const leaving = new AbortController();
            const taken = slots
              .acquireSlot(guild, () => waiting.push(leaving), leaving.signal)
              .then(
                (slot) => {
                  if (slot.ok) inUse.get(guild)?.push(slot);
                },
                () => {},
              );
            all.push(taken);
          }
          await new Promise((resolve) => setImmediate(resolve));
          expect(slots.used).toBeLessThanOrEqual(3);
          expect(slots.used).toBe([...inUse.values()].flat().length);
          for (const held of inUse.values()) expect(held.length).toBeLessThanOrEqual(2);
          expect(slots.waiting).toBeLessThanOrEqual(6);
        }
        for (let round = 0; round < 200 && slots.used > 0; round++) {
          for (const held of inUse.values()) held.shift()?.release();
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect([slots.used, slots.waiting]).toEqual([0, 0]);
        await Promise.all(all);
      }),
      { numRuns: 60 },
    );
  });

  it('says how each stands in the queue, and how long that may take', async () => {
    const clock = createFakeClock();
    const slots = createSlots({ max: 2, maxPerGuild: 2, maxWaitingPerGuild: 9, maxWaiting: 9, clock });
    const held = await Promise.all([
      slots.acquireSlot('a', quietly, never),
      slots.acquireSlot('b', quietly, never),
    ]);
    const places: Record<string, () => QueuePlace> = {};
    const wait = (name: string, guild: string) =>
      slots.acquireSlot(guild, (placeNow) => Object.assign(places, { [name]: placeNow }), never);
    const waiting = [wait('a1', 'a'), wait('a2', 'a'), wait('b1', 'b'), wait('b2', 'b')];
    const positions = () => Object.values(places).map((placeNow) => placeNow().position);
    expect(positions()).toEqual([1, 3, 2, 4]);
    expect(places['b2']?.().waitMs).toBe(30_000);
    if (held[0]?.ok) held[0].release();
    await waiting[0];
    expect(places['b1']?.().position).toBe(1);
    expect([places['a2']?.().position, places['b2']?.().position].toSorted()).toEqual([2, 3]);
  });

  it('says how long it may take if a guild’s own share is what others of it wait for', async () => {
    const clock = createFakeClock();
    const slots = createSlots({ max: 8, maxPerGuild: 1, maxWaitingPerGuild: 9, maxWaiting: 9, clock });
    const waits: number[] = [];
    await slots.acquireSlot('a', quietly, never);
    for (let count = 0; count < 3; count++) {
      void slots.acquireSlot('a', (placeNow) => void waits.push(placeNow().waitMs), never);
    }
    // An answer takes fifteen seconds as far as is known, and one of a guild comes after the other.
    expect(waits).toEqual([15_000, 30_000, 45_000]);
  });
});
