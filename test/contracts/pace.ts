import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/kit/time/clock.ts';
import type { CountedWrite, PaceStore } from '../../src/core/ports/store.ts';

export interface PaceBench {
  /** The same limits, as so many processes see them. */
  readonly clients: readonly [PaceStore, PaceStore, PaceStore];
  /** The time that passes while `run` waits. */
  readonly clock: Clock;
  run<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Longer than any test takes. */
const AGES_MS = 600_000;
/** Between the clock of the store's machine and the test's. */
const TOLERANCE_MS = 1;

/** @param runs of the property */
export function paceContract(name: string, open: () => Promise<PaceBench>, runs: number): void {
  describe(`the pace of ${name}`, () => {
    let bench: PaceBench;
    let serial = 0;

    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    const writeOf = (traits: Partial<CountedWrite> = {}): CountedWrite => ({
      key: 'limit',
      id: `write ${serial++}`,
      owner: 'p',
      limit: 2,
      windowMs: AGES_MS,
      leaseMs: AGES_MS,
      gapMs: null,
      ...traits,
    });

    /** Asks until it may, as often as it is told to. Resolves to how often that was. */
    async function insist(pace: PaceStore, write: CountedWrite): Promise<number> {
      for (let asks = 1; ; asks++) {
        const waitMs = await pace.beginWrite(write);
        if (waitMs === 0) return asks;
        await bench.clock.sleep(waitMs);
      }
    }

    it('lets so many writes begin, whoever asks, and says when to ask again', async () => {
      const [one, two, three] = bench.clients;
      expect(await one.beginWrite(writeOf())).toBe(0);
      expect(await two.beginWrite(writeOf())).toBe(0);
      // One of them may end at once.
      expect(await three.beginWrite(writeOf())).toBe(AGES_MS);
      expect(await three.beginWrite(writeOf({ key: 'another limit' }))).toBe(0);
    });

    it('counts a write until so long after its end', async () => {
      const [one, two] = bench.clients;
      const write = writeOf({ limit: 1, windowMs: 20 });
      await one.beginWrite(write);
      await one.end(write.key, [{ id: write.id, countsMs: 20 }]);
      expect(await bench.run(insist(two, { ...write, id: 'next' }))).toBeLessThan(10);
    });

    it('counts the writes of a limit that refills one after the other, whoever made them', async () => {
      const [one, two, three] = bench.clients;
      const [first, second] = [writeOf(), writeOf()];
      await one.beginWrite(first);
      await two.beginWrite(second);
      const refill = { countsMs: AGES_MS, refillMs: AGES_MS };
      await one.end('limit', [{ id: first.id, ...refill }]);
      await two.end('limit', [{ id: second.id, ...refill }]);
      const next = { windowMs: 4 * AGES_MS };
      const waits = [
        await three.beginWrite(writeOf({ ...next, limit: 2 })),
        await three.beginWrite(writeOf({ ...next, limit: 1 })),
      ];
      for (const [index, waitMs] of waits.entries()) {
        expect(waitMs).toBeGreaterThan((index + 0.9) * AGES_MS);
        expect(waitMs).toBeLessThanOrEqual((index + 1) * AGES_MS);
      }
    });

    it('counts a write that has ended although nobody heard that it began', async () => {
      const [one, two] = bench.clients;
      await one.end('limit', [{ id: 'unheard', countsMs: AGES_MS }]);
      expect(await two.beginWrite(writeOf({ limit: 1 }))).toBeGreaterThan(0);
    });

    it('hears with a write of those that have ended', async () => {
      const [one, two] = bench.clients;
      const write = writeOf({ limit: 1 });
      await one.beginWrite(write);
      expect(await one.beginWrite(writeOf({ limit: 1 }), [{ id: write.id, countsMs: 0 }])).toBe(0);
      const other = writeOf({ key: 'another limit', limit: 1 });
      const ended = [{ id: 'unheard', countsMs: AGES_MS }];
      expect(await one.beginWrite(other, ended)).toBeGreaterThan(0);
      expect(await two.beginWrite({ ...other, limit: 2 })).toBe(0);
    });

    it('takes a write back', async () => {
      const [one, two] = bench.clients;
      const write = writeOf({ limit: 1 });
      await one.beginWrite(write);
      await one.end(write.key, [{ id: write.id, countsMs: 0 }]);
      expect(await two.beginWrite(writeOf({ limit: 1 }))).toBe(0);
    });

    it('counts a write that nobody ends for as long as a write may take, and no longer', async () => {
      const [dead, other] = bench.clients;
      const write = writeOf({ limit: 1, windowMs: 10, leaseMs: AGES_MS });
      await dead.beginWrite(write);
      await bench.run(bench.clock.sleep(30));
      expect(await other.beginWrite({ ...write, id: 'soon' })).toBe(10);
      const short = writeOf({ key: 'short', limit: 1, windowMs: 10, leaseMs: 20 });
      await dead.beginWrite(short);
      expect(await bench.run(insist(other, { ...short, id: 'later' }))).toBeLessThan(20);
    });

    it('lets nobody begin while the platform said to wait, by the longest of its words', async () => {
      const [one, two] = bench.clients;
      await one.block('limit', AGES_MS);
      await two.block('limit', 10);
      for (const client of bench.clients) {
        expect(await client.beginWrite(writeOf())).toBeGreaterThan(AGES_MS / 2);
      }
      expect(await two.beginWrite(writeOf({ key: 'another limit' }))).toBe(0);
      await one.block('short', 10);
      expect(await bench.run(insist(two, writeOf({ key: 'short' })))).toBeLessThan(10);
    });

    it('keeps what is left to those who need not wait for their turn', async () => {
      const [one, two] = bench.clients;
      const interim = { limit: 1, gapMs: 0 };
      expect(await one.beginWrite(writeOf({ owner: 'one', ...interim }))).toBe(0);
      expect(await two.beginWrite(writeOf({ owner: 'two', ...interim }))).toBeGreaterThan(0);
      expect(await two.beginWrite(writeOf({ owner: 'two' }))).toBe(0);
      expect(await one.beginWrite(writeOf({ owner: 'one' }))).toBeGreaterThan(0);
    });

    it('keeps room for what is owed, in the way of what takes turns alone, until it is settled or its lease is over', async () => {
      const [one, two, three] = bench.clients;
      const owed = { key: 'limit', limit: 3, windowMs: AGES_MS, dueMs: 1, leaseMs: AGES_MS };
      expect(await one.owe({ ...owed, id: 'a' })).toBe(0);
      expect(await two.owe({ ...owed, id: 'b' })).toBe(0);
      const turn = writeOf({ limit: 3, gapMs: 1 });
      expect(await three.beginWrite({ ...turn, owner: 'three' })).toBe(0);
      // Two are owed and one counts: there is no room for another debt, and none for another turn.
      expect(await three.owe({ ...owed, id: 'c' })).toBeGreaterThan(0);
      expect(await one.owe({ ...owed, id: 'a' })).toBe(0);
      expect(await three.beginWrite(writeOf({ limit: 2, gapMs: 1, owner: 'three' }))).toBeGreaterThan(0);
      // The writes that room was kept for.
      expect(await one.beginWrite(writeOf({ limit: 3 }))).toBe(0);
      expect(await two.beginWrite(writeOf({ limit: 3 }))).toBe(0);
      await one.endDebt('limit', 'a');
      await two.endDebt('limit', 'b');
      const other = { ...owed, key: 'other', limit: 1 };
      expect(await one.owe({ ...other, id: 'd', leaseMs: 10 })).toBe(0);
      await bench.run(bench.clock.sleep(30));
      expect(await two.owe({ ...other, id: 'e' })).toBe(0);
      await two.endDebt('other', 'e');
      expect(await one.owe({ ...other, id: 'f' })).toBe(0);
      expect(await one.beginWrite(writeOf({ key: 'other', limit: 1, gapMs: 1 }))).toBeGreaterThan(0);
    });

    it('owes as many as fit in time where windows are short', async () => {
      const [one] = bench.clients;
      const owed = { key: 'short', limit: 2, windowMs: 1_000, dueMs: 2_000, leaseMs: AGES_MS };
      for (const id of ['a', 'b', 'c', 'd']) expect(await one.owe({ ...owed, id })).toBe(0);
      expect(await one.owe({ ...owed, id: 'e' })).toBeGreaterThan(0);
    });

    it('owes nothing while the platform said to wait for longer', async () => {
      const [one, two] = bench.clients;
      await one.block('limit', AGES_MS);
      const owed = { key: 'limit', id: 'a', limit: 3, windowMs: AGES_MS, dueMs: 1, leaseMs: AGES_MS };
      expect(await two.owe(owed)).toBeGreaterThan(AGES_MS / 2);
    });

    it('gives turns to processes one after the other, however soon one asks again', async () => {
      const [one, two, three] = bench.clients;
      const turn = { limit: 100, gapMs: AGES_MS };
      expect(await one.beginWrite(writeOf({ owner: 'one', ...turn }))).toBe(0);
      const second = await two.beginWrite(writeOf({ owner: 'two', ...turn }));
      expect(second).toBeGreaterThan(AGES_MS / 2);
      expect(await one.beginWrite(writeOf({ owner: 'one', ...turn }))).toBeGreaterThan(second + AGES_MS / 2);
      expect(await three.beginWrite(writeOf({ owner: 'three', ...turn }))).toBeGreaterThan(
        second + 1.5 * AGES_MS,
      );
      expect(await two.beginWrite(writeOf({ owner: 'two', ...turn }))).toBeLessThanOrEqual(second);
    });

    it('never sees more than the limit in any window, however slow the writes, from many processes', async () => {
      const writes = fc.array(
        fc.record({
          tookMs: fc.integer({ min: 0, max: 12 }),
          at: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 7 },
      );
      const plan = fc.record({
        limit: fc.integer({ min: 1, max: 4 }),
        windowMs: fc.integer({ min: 10, max: 40 }),
        gapMs: fc.constantFrom(null, 1, 8),
        clients: fc.tuple(writes, writes, writes),
      });
      await fc.assert(
        fc.asyncProperty(plan, async ({ limit, windowMs, gapMs, clients }) => {
          const key = `property ${serial++}`;
          /** When the platform counts each write: at some moment while it is under way. */
          const countedAtMs: number[] = [];
          const work = clients.map(async (todo, index) => {
            const pace = bench.clients[index] as PaceStore;
            for (const { tookMs, at } of todo) {
              const write = writeOf({ key, owner: `p${index}`, limit, windowMs, gapMs });
              await insist(pace, write);
              const beganAtMs = bench.clock.now();
              if (tookMs > 0) await bench.clock.sleep(tookMs);
              countedAtMs.push(beganAtMs + at * (bench.clock.now() - beganAtMs));
              await pace.end(key, [{ id: write.id, countsMs: windowMs }]);
            }
          });
          await bench.run(Promise.all(work));
          countedAtMs.sort((a, b) => a - b);
          for (const [index, atMs] of countedAtMs.entries()) {
            const next = countedAtMs[index + limit] ?? Number.POSITIVE_INFINITY;
            expect(next - atMs).toBeGreaterThanOrEqual(windowMs - TOLERANCE_MS);
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
