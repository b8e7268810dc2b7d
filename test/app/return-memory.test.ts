import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { returnMemoryAtRest } from '../../src/app/return-memory.ts';

const MB = 1024 * 1024;
const CHECK_MS = 15_000;

let answers: number;
let resident: number;
let collections: number;

beforeEach(() => {
  vi.useFakeTimers();
  answers = 0;
  resident = 150 * MB;
  collections = 0;
  returnMemoryAtRest(() => answers, {
    residentBytes: () => resident,
    collect() {
      collections++;
      resident = 130 * MB;
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
});

test('what the start needed goes back, once', () => {
  vi.advanceTimersByTime(CHECK_MS);
  expect(collections).toBe(1);
  vi.advanceTimersByTime(20 * CHECK_MS);
  expect(collections).toBe(1);
});

test('nothing is collected while an answer is in flight, and all that it took afterwards', () => {
  vi.advanceTimersByTime(CHECK_MS);
  answers = 1;
  resident = 400 * MB;
  vi.advanceTimersByTime(20 * CHECK_MS);
  expect(collections).toBe(1);
  answers = 0;
  vi.advanceTimersByTime(CHECK_MS);
  expect(collections).toBe(2);
});

test('a little growth is not worth it', () => {
  vi.advanceTimersByTime(CHECK_MS);
  resident = 162 * MB;
  vi.advanceTimersByTime(20 * CHECK_MS);
  expect(collections).toBe(1);
  resident = 163 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  expect(collections).toBe(2);
});

test('growth counts from what the process has come down to', () => {
  resident = 500 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  resident = 90 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  resident = 113 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  expect(collections).toBe(1);
  resident = 114 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  expect(collections).toBe(2);
});

test('a system that does not say how much is in use is asked again later', () => {
  const before = collections;
  let said: number | null = null;
  returnMemoryAtRest(() => 0, { residentBytes: () => said, collect: () => void collections++ });
  answers = 1;
  vi.advanceTimersByTime(3 * CHECK_MS);
  expect(collections).toBe(before);
  said = 200 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  expect(collections).toBe(before + 1);
});

test('a system that does not say how much is in use for a while makes nobody forget what was kept', () => {
  let said: number | null = 150 * MB;
  let collected = 0;
  returnMemoryAtRest(() => 0, { residentBytes: () => said, collect: () => void collected++ });
  vi.advanceTimersByTime(CHECK_MS);
  said = null;
  vi.advanceTimersByTime(CHECK_MS);
  said = 160 * MB;
  vi.advanceTimersByTime(CHECK_MS);
  expect(collected).toBe(1);
});

test('memory that cannot be given back is not tried for again', () => {
  vi.advanceTimersByTime(CHECK_MS);
  returnMemoryAtRest(() => 0, { residentBytes: () => 200 * MB, collect: () => void collections++ });
  vi.advanceTimersByTime(20 * CHECK_MS);
  expect(collections).toBe(2);
});

test('a Node that does not let its collector be called goes without', () => {
  const before = vi.getTimerCount();
  returnMemoryAtRest(() => 0, { residentBytes: () => 200 * MB, collect: undefined });
  expect(vi.getTimerCount()).toBe(before);
});
