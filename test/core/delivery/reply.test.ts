import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { type Ending, Reply, type ReplyOptions } from '../../../src/core/delivery/reply.ts';
import { createWriteLimiters } from '../../../src/core/delivery/write-limiter.ts';
import type { Button } from '../../../src/core/ports/buttons.ts';
import { PassingFault, PlaceGone, RateLimited, Unshowable } from '../../../src/core/ports/delivery-errors.ts';
import type { Scope } from '../../../src/core/ports/scope.ts';
import type { LiveMessage, MessageView } from '../../../src/core/ports/surface.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { wordsOf } from '../../support/long-answer.ts';
import {
  createMemoryLimiter,
  createMemorySurface,
  type MemorySurface,
  type MemorySurfaceOptions,
} from '../../support/memory-surface.ts';

import { createLogRecorder } from '../../support/provider/test-client.ts';

const STOP: Button = { kind: 'stop', answerId: 'a1' };
const RETRY: Button = { kind: 'retry', answerId: 'a1' };
const COMPLETE: Ending = { status: 'complete', note: null, footer: 'A model, 3 s', buttons: [RETRY] };
const HOUR_MS = 3_600_000;

/** One clock, one set of limiters and the platform's own count of writes; as many replies on it as a test wants. */
function setUp() {
  const clock = createFakeClock();
  const limiters = createWriteLimiters(clock);
  const limiter = createMemoryLimiter(clock);
  const abandon = new AbortController();

  function start(options: Omit<MemorySurfaceOptions, 'clock'> = {}) {
    return startOn(createMemorySurface({ clock, limiter, ...options }));
  }

  function startOn(surface: MemorySurface, options: Partial<ReplyOptions> = {}) {
    const opened: LiveMessage[] = [];
    const reply = new Reply({
      surface,
      limiters,
      clock,
      log: pino({ level: 'silent' }),
      answerId: 'a1',
      onOpen: (message) => void opened.push(message),
      signal: abandon.signal,
      ...options,
    });
    return { surface, reply, opened };
  }

  return { clock, limiters, limiter, abandon, start, startOn };
}

/** Lets time pass until the work is done. */
async function within<T>(clock: FakeClock, maxMs: number, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  const endMs = clock.now() + maxMs;
  await clock.advance(0);
  while (!isDone && clock.now() < endMs) await clock.advance(Math.min(1_000, endMs - clock.now()));
  if (!isDone) throw new Error(`not done after ${maxMs} ms`);
  return done;
}

function words(count: number, from = 0): string {
  return Array.from({ length: count }, (_, index) => `w${from + index} `).join('');
}

/** Writes `count` words, one each `gapMs`. */
async function stream(clock: FakeClock, reply: Reply, count: number, gapMs: number, from = 0): Promise<void> {
  for (let index = 0; index < count; index++) {
    reply.write(`w${from + index} `);
    await clock.advance(gapMs);
  }
}

function statuses(surface: MemorySurface): (string | undefined)[] {
  return surface.messages.map((message) => message.views.at(-1)?.view.status);
}

/** Every character is there, once and in order; white space may be lost where messages end. */
function expectWhole(surface: MemorySurface, text: string): void {
  expect(surface.text.replace(/\s/g, '')).toEqual(text.replace(/\s/g, ''));
  expect(surface.violations).toEqual([]);
}

describe('the first text', () => {
  it('is shown as soon as it is written, before any time passes', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    const atMs = clock.now();
    reply.write('Hello');
    await clock.advance(0);
    expect(surface.shown).toMatchObject({ text: 'Hello', status: 'streaming', buttons: [STOP] });
    expect(surface.messages[0]?.views[0]?.atMs).toBe(atMs);
  });

  it('is not stood in for: nothing is shown before there is text', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('');
    reply.write('\n\n');
    await clock.advance(60_000);
    expect(surface.writes).toEqual([]);
  });

  it('is not opened if it can no longer be shown once it may be sent: it became the mark of a list', async () => {
    const { clock, limiters, start } = setUp();
    const openScope: Scope = { key: 'own', limit: 1, windowMs: 1_000 };
    await limiters.run(
      openScope,
      () => 'last',
      async () => {},
      new AbortController().signal,
    );
    const { surface, reply } = start({ openScope });
    reply.write('1');
    await clock.advance(0);
    reply.write('.');
    await clock.advance(5_000);
    expect(surface.writes).toEqual([]);
    reply.write(' Hello');
    await clock.advance(0);
    expect(surface.shown?.text).toBe('1. Hello');
  });

  it('goes before the interim updates of other answers that wait in the same scope', async () => {
    const { clock, start } = setUp();
    const scope: Scope = { key: 'shared', limit: 1, windowMs: 1_000 };
    const others = Array.from({ length: 5 }, () => start({ scope, openScope: { ...scope, key: 'own' } }));
    for (const { reply } of others) reply.write('one');
    await clock.advance(10_000);
    for (const { reply } of others) reply.write(' two');
    await clock.advance(100);
    const late = start({ scope, openScope: scope });
    late.reply.write('Hello');
    await clock.advance(1_000);
    expect(late.surface.text).toBe('Hello');
  });
});

describe('while an answer streams', () => {
  it('shows the newest text in each update and skips what is stale', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ latencyMs: 400 });
    await stream(clock, reply, 100, 20);
    // Opened at 0 ms; updates leave at 400 and 1,400 ms, with all the words there are by then.
    const shown = surface.writes.map(({ view }) => wordsOf(view.text).length);
    expect(shown).toEqual([1, 20, 70]);
  });

  it('keeps within the limit of the platform and uses all of it', async () => {
    const { clock, limiter, start } = setUp();
    const { surface, reply } = start({ latencyMs: 100 });
    await stream(clock, reply, 3_000, 20);
    expect(limiter.refusals).toBe(0);
    expect(surface.writes.length).toBeGreaterThanOrEqual(57);
    expect(surface.violations).toEqual([]);
  });

  it('carries the text as it was sent, beside the text as it can be shown', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('This is **bo');
    await clock.advance(2_000);
    reply.write('ld**, and `co');
    await clock.advance(2_000);
    const views = surface.writes.map(({ view }) => ({ text: view.text, source: view.source }));
    expect(views).toEqual([
      { text: 'This is **bo**', source: 'This is **bo' },
      { text: 'This is **bold**, and `co`', source: 'This is **bold**, and `co' },
    ]);
  });

  it('sends nothing where nothing is new', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    await clock.advance(60_000);
    reply.write('');
    await clock.advance(60_000);
    expect(surface.writes).toHaveLength(1);
  });

  it('sends nothing where what is new cannot be seen yet', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    await clock.advance(5_000);
    reply.write('\n');
    await clock.advance(5_000);
    reply.write('\n');
    await clock.advance(5_000);
    expect(surface.writes).toHaveLength(1);
    expect(surface.violations).toEqual([]);
  });

  it('shares one scope evenly among many answers', async () => {
    const { clock, limiter, start } = setUp();
    const all = Array.from({ length: 10 }, () => start({ latencyMs: 100 }));
    for (let index = 0; index < 100; index++) {
      for (const { reply } of all) reply.write(`w${index} `);
      await clock.advance(1_000);
    }
    // From where all are open.
    const sinceMs = clock.now() - 80_000;
    const updates = all.map(({ surface }) => surface.writes.filter(({ atMs }) => atMs > sinceMs).length);
    expect(Math.min(...updates)).toBeGreaterThanOrEqual(7);
    expect(Math.max(...updates) - Math.min(...updates)).toBeLessThanOrEqual(1);
    expect(limiter.refusals).toBe(0);
  });

  it('takes no button off a message that was not taken note of, and opens none after it', async () => {
    const { clock, startOn } = setUp();
    const surface = createMemorySurface({ clock, limits: { maxChars: 60 } });
    const noted = Promise.withResolvers<void>();
    const { reply } = startOn(surface, { onOpen: () => noted.promise });
    reply.write(words(40));
    await clock.advance(10_000);
    expect(surface.messages).toHaveLength(1);
    expect(surface.shown).toMatchObject({ status: 'streaming', buttons: [STOP] });
    noted.resolve();
    expect(await within(clock, 30_000, reply.finish(COMPLETE))).toBe(true);
    expect(surface.messages.length).toBeGreaterThan(2);
    expectWhole(surface, words(40));
  });

  it('posts full messages as they stay where they keep marks, and waits for no note of them', async () => {
    const { clock, startOn } = setUp();
    const surface = createMemorySurface({ clock, limits: { maxChars: 60 }, keepsMarks: true });
    const { reply } = startOn(surface, { onOpen: () => new Promise(() => {}) });
    reply.write(words(40));
    await clock.advance(10_000);
    const { length } = surface.messages;
    expect(length).toBeGreaterThan(2);
    expect(statuses(surface)).toEqual([...Array.from({ length: length - 1 }, () => 'sealed'), 'streaming']);
    expect(surface.writes).toHaveLength(length);
    expect(await within(clock, 30_000, reply.finish(COMPLETE))).toBe(true);
    expect(surface.writes).toHaveLength(length + 1);
    expect(surface.messages.map(({ views }) => views.at(-1)?.view.mark)).toEqual(
      surface.messages.map((_, index) => ({ answerId: 'a1', index })),
    );
    expectWhole(surface, words(40));
  });

  it('says which messages it opened', async () => {
    const { clock, start } = setUp();
    const { surface, reply, opened } = start({ limits: { maxChars: 60 } });
    reply.write(words(50));
    await within(clock, HOUR_MS, reply.finish(COMPLETE));
    expect(opened.length).toBeGreaterThan(2);
    expect(opened.map((message) => message.key)).toEqual(surface.messages.map((message) => message.key));
  });
});

describe('the last state', () => {
  it('is shown at once, though the next interim update was not due yet', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(100);
    reply.write(' two');
    await clock.advance(100);
    reply.write(' three');
    await clock.advance(100);
    expect(surface.text).toBe('one two');
    const atMs = clock.now();
    expect(await within(clock, 0, reply.finish(COMPLETE))).toBe(true);
    expect(surface.shown).toMatchObject({ text: 'one two three', ...COMPLETE });
    expect(surface.writes.at(-1)?.atMs).toBe(atMs);
  });

  it.each([
    ['while the first message is being opened', 0],
    ['while an update is under way', 1_500],
  ])('follows a write that is under way: %s', async (_, afterMs) => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ latencyMs: 1_000 });
    reply.write('one');
    await clock.advance(1_200);
    reply.write(' two');
    await clock.advance(afterMs);
    const { surface: early, reply: brief } = start({ latencyMs: 1_000 });
    brief.write('Hel');
    await clock.advance(500);
    brief.write('lo');
    const ends = [reply.finish(COMPLETE), brief.finish(COMPLETE)];
    expect(await within(clock, 10_000, Promise.all(ends))).toEqual([true, true]);
    expect(surface.shown).toMatchObject({ text: 'one two', status: 'complete' });
    expect(early.shown).toMatchObject({ text: 'Hello', status: 'complete' });
    expect([...surface.violations, ...early.violations]).toEqual([]);
  });

  it('closes half-written markup where the answer was stopped or failed, and leaves a complete one alone', async () => {
    const { clock, start } = setUp();
    for (const status of ['stopped', 'failed', 'interrupted', 'complete'] as const) {
      const { surface, reply } = start();
      reply.write('**See** [the docs](https://exam');
      expect(await within(clock, 0, reply.finish({ ...COMPLETE, status }))).toBe(true);
      const whole = status === 'complete';
      expect(surface.shown?.text).toBe(whole ? '**See** [the docs](https://exam' : '**See** the docs');
    }
  });

  it('goes before the interim updates of other answers', async () => {
    const { clock, start } = setUp();
    const crowd = Array.from({ length: 20 }, (_, index) =>
      start({ openScope: { key: `posts ${index}`, limit: 5, windowMs: 5_000 } }),
    );
    for (const { reply } of crowd) reply.write('one');
    await clock.advance(10_000);
    for (const { reply } of crowd) reply.write(' two');
    await clock.advance(10);
    const last = crowd.at(-1);
    if (last === undefined) throw new Error('no answers');
    expect(await within(clock, 2_000, last.reply.finish(COMPLETE))).toBe(true);
  });

  it('is tried again until it stands', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    surface.fail({
      error: new PassingFault('503'),
      times: 50,
      matches: (view) => view.status === 'complete',
    });
    expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(true);
    expect(surface.shown).toMatchObject({ text: 'Hello', status: 'complete' });
  });

  it('is tried three times within a minute after a fault that is not known to pass', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    surface.fail({ error: new Error('a refusal that nobody listed'), times: 1e6 });
    expect(await within(clock, 60_000, reply.finish(COMPLETE))).toBe(false);
    expect(reply.gone()).toMatchObject({ code: 'place_gone', reason: 'refused' });
    expect(surface.writes).toHaveLength(3);
  });

  it('is shown where such a fault passes all the same', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    surface.fail({ error: new Error('a refusal that nobody listed'), times: 2 });
    expect(await within(clock, 60_000, reply.finish(COMPLETE))).toBe(true);
  });

  it('is not tried for long once nobody wants it, so that its conversation is free', async () => {
    const { clock, limiter, startOn } = setUp();
    const surface = createMemorySurface({ clock, limiter });
    const { reply } = startOn(surface);
    reply.write('Hello');
    await clock.advance(0);
    surface.fail({ error: new PassingFault('503'), times: 1e6 });
    reply.write(' world');
    await clock.advance(120_000);
    reply.unwanted();
    expect(await within(clock, 60_000, reply.finish({ ...COMPLETE, status: 'stopped' }))).toBe(false);
  });

  it('is tried at growing intervals also once nobody wants it', async () => {
    const { clock, limiter, startOn } = setUp();
    const surface = createMemorySurface({ clock, limiter });
    const { reply } = startOn(surface);
    reply.write('Hello');
    await clock.advance(0);
    surface.fail({ error: new PassingFault('503'), times: 50 });
    reply.unwanted();
    const { length } = surface.writes;
    const finished = reply.finish({ ...COMPLETE, status: 'stopped' });
    await clock.advance(10_000);
    expect(surface.writes.length - length).toBeLessThan(8);
    expect(await within(clock, 30_000, finished)).toBe(false);
  });

  it('is given up after an hour without success, and the provider is told', async () => {
    const { clock, start, startOn } = setUp();
    const { log, lines } = createLogRecorder();
    const { surface, reply } = startOn(start().surface, { log });
    reply.write('Hello');
    await clock.advance(0);
    surface.fail({ error: new PassingFault('503'), times: 1e6 });
    expect(await within(clock, HOUR_MS + 60_000, reply.finish(COMPLETE))).toBe(false);
    expect(lines.at(-1)).toContain('gave up showing an answer');
    expect(reply.gone()).toEqual(new PassingFault('503'));
    const { length } = surface.writes;
    await clock.advance(HOUR_MS);
    expect(surface.writes).toHaveLength(length);
    expect(length).toBeLessThan(150);
  });

  it('is given up after an hour of nothing but rate limits', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    surface.fail({ error: new RateLimited(0), times: 1e6 });
    reply.write('Hello');
    expect(await within(clock, HOUR_MS + 60_000, reply.finish(COMPLETE))).toBe(false);
    expect(reply.gone()).not.toBeNull();
  });

  it.each([
    { status: 'stopped', note: 'Stopped by Ada.', footer: null, buttons: [RETRY] },
    { status: 'failed', note: 'The provider went away.', footer: null, buttons: [RETRY] },
    { status: 'interrupted', note: 'The bot was restarted.', footer: null, buttons: [] },
  ] satisfies Ending[])('keeps what had arrived ($status)', async (ending) => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    await stream(clock, reply, 10, 20);
    expect(await within(clock, 10_000, reply.finish(ending))).toBe(true);
    expect(surface.shown).toMatchObject(ending);
    expectWhole(surface, words(10));
  });

  it.each([
    { status: 'stopped', note: 'Stopped by Ada.', footer: null, buttons: [RETRY] },
    { status: 'failed', note: 'The model sent an empty answer.', footer: null, buttons: [RETRY] },
  ] satisfies Ending[])('stands alone where no text ever came ($status)', async (ending) => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write(' \n');
    expect(await within(clock, 1_000, reply.finish(ending))).toBe(true);
    expect(surface.messages).toHaveLength(1);
    expect(surface.writes.map(({ view }) => view)).toMatchObject([{ text: '', source: '', ...ending }]);
  });

  it('comes with the only write where the whole answer is there at once', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    expect(await within(clock, 0, reply.finish(COMPLETE))).toBe(true);
    expect(surface.writes.length).toBeLessThanOrEqual(2);
    expect(surface.shown).toMatchObject({ text: 'Hello', status: 'complete' });
  });
});

describe('an answer longer than one message', () => {
  it('goes on in the next messages, in order, and never touches a sealed one again', async () => {
    const { clock, limiter, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 200 }, latencyMs: 150 });
    await stream(clock, reply, 500, 20);
    expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(true);
    expectWhole(surface, words(500));
    expect(surface.messages.length).toBeGreaterThan(10);
    expect(statuses(surface)).toEqual([...surface.messages.slice(1).map(() => 'sealed'), 'complete']);
    expect(limiter.refusals).toBe(0);
  });

  it('is whole where it comes in one piece', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 100 } });
    reply.write(words(300));
    expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(true);
    expectWhole(surface, words(300));
    // Each is opened with its button, and then sealed; the last one is opened as it stays.
    expect(surface.writes.length).toBeLessThan(2 * surface.messages.length);
  });

  it('does not open a message before there is something to show in it', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 60 } });
    reply.write('x'.repeat(60));
    await clock.advance(10_000);
    // A list's mark, which shows nothing by itself.
    reply.write('\n\n-');
    await clock.advance(10_000);
    expect(statuses(surface)).toEqual(['streaming']);
    expect(surface.violations).toEqual([]);
    reply.write(' item');
    await clock.advance(10_000);
    expect(statuses(surface)).toEqual(['sealed', 'streaming']);
  });

  it('ends in the full message where nothing follows', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 60 } });
    reply.write('x'.repeat(60));
    await clock.advance(10_000);
    reply.write('\n\n');
    expect(await within(clock, 10_000, reply.finish(COMPLETE))).toBe(true);
    expect(surface.messages).toHaveLength(1);
    expect(surface.shown).toMatchObject({ text: 'x'.repeat(60), status: 'complete' });
  });

  it('goes on at once, though an interim update was not due yet', async () => {
    const { clock, start } = setUp();
    const scope: Scope = { key: 'edits', limit: 2, windowMs: 20_000 };
    const openScope: Scope = { key: 'posts', limit: 2, windowMs: 20_000 };
    const { surface, reply } = start({ limits: { maxChars: 60 }, scope, openScope });
    reply.write('x'.repeat(50));
    await clock.advance(1_000);
    reply.write(` ${'y'.repeat(5)}`);
    await clock.advance(1_000);
    reply.write(` ${'z'.repeat(30)}`);
    await clock.advance(0);
    expect(statuses(surface)).toEqual(['sealed', 'streaming']);
  });

  it('writes each part no more than twice where many are waiting, however slow the platform is', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 100 }, latencyMs: 4_000 });
    await stream(clock, reply, 300, 10);
    expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(true);
    expectWhole(surface, words(300));
    expect(surface.writes.length).toBeLessThanOrEqual(2 * surface.messages.length + 1);
  });
});

/** One matching view for each place where a write can fail. */
const PLACES = {
  'the first message is opened': (view: MessageView, surface: MemorySurface) =>
    surface.messages.length === 0 && view.status === 'streaming',
  'an interim update is sent': (view: MessageView, surface: MemorySurface) =>
    surface.messages.length === 1 && view.status === 'streaming',
  'a message is sealed': (view: MessageView) => view.status === 'sealed',
  'the next message is opened': (view: MessageView, surface: MemorySurface) =>
    view.status === 'streaming' && surface.shown?.status === 'sealed',
  'the last state is sent': (view: MessageView) => view.status === 'complete',
};

const FAULTS = {
  'a server error': { error: new PassingFault('503'), times: 3 },
  'a lost response': { error: new PassingFault('connection reset'), when: 'after', times: 2 },
  'a rate limit': { error: new RateLimited(3_000) },
} as const;

describe('a passing fault', () => {
  const cases = Object.entries(PLACES).flatMap(([place, matches]) =>
    Object.entries(FAULTS).map(([fault, plan]) => ({ place, matches, fault, plan })),
  );

  it.each(cases)('costs nothing: $fault when $place', async ({ matches, plan }) => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 300 }, latencyMs: 100 });
    surface.fail({ ...plan, matches: (view) => matches(view, surface) });
    await stream(clock, reply, 200, 100);
    expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(true);
    expect(surface.writes.some(({ error }) => error === plan.error)).toBe(true);
    expectWhole(surface, words(200));
    expect(statuses(surface).at(-1)).toBe('complete');
    expect(reply.gone()).toBeNull();
  });

  it('is waited out for as long as a rate limit asks, and then shows the newest text', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(1_000);
    surface.fail({ error: new RateLimited(30_000) });
    const atMs = clock.now();
    reply.write(' two');
    await clock.advance(1_000);
    reply.write(' three');
    await clock.advance(28_999);
    expect(surface.text).toBe('one');
    await clock.advance(1);
    expect(surface.text).toBe('one two three');
    expect(surface.writes.map((write) => write.atMs - atMs)).toEqual([-1_000, 0, 30_000]);
  });

  it('is tried again at growing intervals', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    surface.fail({ error: new PassingFault('503'), times: 9 });
    reply.write('Hello');
    await clock.advance(HOUR_MS / 2);
    const gaps = surface.writes.slice(1).map(({ atMs }, index) => atMs - (surface.writes[index]?.atMs ?? 0));
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(surface.text).toBe('Hello');
  });

  it('does not make rate limits that follow one another longer than they are', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    surface.fail({ error: new RateLimited(2_000), times: 7 });
    reply.write('Hello');
    await clock.advance(45_000);
    expect(surface.text).toBe('Hello');
  });

  it('starts anew after a success, in intervals and in patience', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(0);
    surface.fail({ error: new PassingFault('503'), times: 10 });
    reply.write(' two');
    await clock.advance(HOUR_MS);
    surface.fail({ error: new PassingFault('503'), times: 1 });
    reply.write(' three');
    await clock.advance(2_500);
    expect(surface.text).toBe('one two three');
  });

  it('in an update is forgotten where the answer ends meanwhile: only the last state is sent', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(1_000);
    surface.fail({ error: new PassingFault('503') });
    reply.write(' two');
    await clock.advance(100);
    expect(await within(clock, 1_000, reply.finish(COMPLETE))).toBe(true);
    expect(surface.writes.map(({ view }) => view.status)).toEqual(['streaming', 'streaming', 'complete']);
  });
});

describe('where the place is gone', () => {
  it('nothing more is sent, and the provider is told', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(1_000);
    surface.remove(0);
    reply.write(' two');
    await clock.advance(1_000);
    expect(reply.gone()).toBeInstanceOf(PlaceGone);
    reply.write(' three');
    expect(await within(clock, 0, reply.finish(COMPLETE))).toBe(false);
    await clock.advance(60_000);
    expect(surface.writes).toHaveLength(2);
  });

  it('is noticed when the first message is opened', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    surface.shut('forbidden');
    reply.write('one');
    await clock.advance(0);
    expect(reply.gone()).toMatchObject({ reason: 'forbidden' });
    expect(await within(clock, 0, reply.finish(COMPLETE))).toBe(false);
  });

  it('is noticed in the last write', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(0);
    surface.shut('archived');
    expect(await within(clock, 1_000, reply.finish(COMPLETE))).toBe(false);
    expect(reply.gone()).not.toBeNull();
  });
});

it('a fault of the surface itself ends delivery, and the log has it', async () => {
  const { clock, start, startOn } = setUp();
  const { surface } = start();
  const { log, lines } = createLogRecorder();
  const fault = new Error('cannot say how to prepare the place');
  Object.defineProperty(surface, 'prepare', {
    get() {
      throw fault;
    },
  });
  const { reply } = startOn(surface, { log });
  reply.write('Hello');
  await clock.advance(0);
  expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(false);
  expect(reply.gone()).toBe(fault);
  expect(lines.join('')).toContain('the delivery of an answer failed');
});

describe('a state that the platform refuses', () => {
  it('is skipped while the answer grows', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(1_000);
    surface.fail({ error: new Unshowable(), matches: (view) => view.text.endsWith('bad') });
    reply.write(' bad');
    await clock.advance(60_000);
    expect(surface.writes).toHaveLength(2);
    reply.write(' two');
    await clock.advance(1_000);
    expect(surface.text).toBe('one bad two');
    expect(await within(clock, 1_000, reply.finish(COMPLETE))).toBe(true);
  });

  it('leaves what stands at the end, marked, without a stop button', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('one');
    await clock.advance(1_000);
    surface.fail({ error: new Unshowable(), times: 9, matches: (view) => view.text.includes('bad') });
    reply.write(' bad');
    expect(await within(clock, 1_000, reply.finish(COMPLETE))).toBe(true);
    expect(surface.shown).toMatchObject({ text: 'one', status: 'complete', buttons: [RETRY] });
    expect(surface.shown?.note).toMatch(/refused/);
  });

  it('says so where the text is refused for something beside it', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    reply.write('Hello');
    await clock.advance(1_000);
    surface.fail({ error: new Unshowable(), matches: (view) => view.status === 'complete' });
    expect(await within(clock, 1_000, reply.finish(COMPLETE))).toBe(true);
    expect(surface.shown).toMatchObject({ text: 'Hello', status: 'complete' });
    expect(surface.shown?.note).toMatch(/refused/);
  });

  it.each([
    ['while it grows', 1_000],
    ['in one piece', 0],
  ])('leaves a mark in its place in a long answer, which goes on: %s', async (_, gapMs) => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 100 } });
    surface.fail({ error: new Unshowable(), times: 99, matches: (view) => /w30\b/.test(view.text) });
    await stream(clock, reply, 100, gapMs);
    expect(await within(clock, HOUR_MS, reply.finish(COMPLETE))).toBe(true);

    const shown = wordsOf(surface.text);
    expect(shown).toEqual(wordsOf(words(100)).filter((word) => shown.includes(word)));
    expect(shown).not.toContain('w30');
    expect(shown.length).toBeGreaterThan(70);
    const notes = surface.messages.map((message) => message.views.at(-1)?.view.note ?? null);
    expect(notes.filter((note) => note !== null)).toEqual([expect.stringMatching(/refused/)]);
    expect(notes.at(-1)).toBeNull();
  });

  it('is no reason to lose patience with faults that come long after', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    surface.fail({ error: new PassingFault('503') });
    surface.fail({ error: new Unshowable() });
    reply.write('bad');
    await clock.advance(2 * HOUR_MS);
    surface.fail({ error: new PassingFault('503') });
    reply.write(' good');
    await clock.advance(10_000);
    expect(surface.text).toBe('bad good');
  });

  it('ends the answer where even the mark is refused', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start();
    surface.fail({ error: new Unshowable(), times: 99 });
    reply.write('Hello');
    expect(await within(clock, 10_000, reply.finish(COMPLETE))).toBe(false);
    expect(surface.writes.length).toBeLessThanOrEqual(3);
  });
});

describe('the signal', () => {
  it.each([
    ['while it waits for the limiter', 0, 10],
    ['while a message is being opened', 50, 0],
    ['while an update is under way', 150, 0],
  ])('ends delivery at once: %s', async (_, afterMs, others) => {
    const { clock, abandon, start } = setUp();
    for (let index = 0; index < others; index++) start().reply.write('busy');
    const { surface, reply } = start({ latencyMs: 100 });
    reply.write('one');
    await clock.advance(afterMs);
    const finished = reply.finish(COMPLETE);
    await clock.advance(0);
    abandon.abort(new Error('the process ends'));
    expect(await within(clock, 0, finished)).toBe(false);
    const { length } = surface.writes;
    await clock.advance(60_000);
    expect(surface.writes).toHaveLength(length);
  });

  it('ends delivery while a fault is waited out', async () => {
    const { clock, abandon, start } = setUp();
    const { surface, reply } = start();
    surface.fail({ error: new PassingFault('503'), times: 9 });
    reply.write('one');
    const finished = reply.finish(COMPLETE);
    await clock.advance(1_000);
    abandon.abort(new Error('the process ends'));
    expect(await within(clock, 0, finished)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('ends an answer that has not begun', async () => {
    const { clock, abandon, start } = setUp();
    abandon.abort(new Error('the process ends'));
    const { surface, reply } = start();
    reply.write('one');
    expect(await within(clock, 0, reply.finish(COMPLETE))).toBe(false);
    expect(surface.writes).toEqual([]);
  });

  it('carries nothing of answers that are over', async () => {
    const { clock, abandon, start } = setUp();
    for (let index = 0; index < 100; index++) {
      const { reply } = start({ latencyMs: 10 });
      reply.write('Hello');
      await within(clock, HOUR_MS, reply.finish(COMPLETE));
    }
    expect(getEventListeners(abandon.signal, 'abort')).toEqual([]);
  });
});

describe('an answer that another process began', () => {
  const INTERRUPTED: Ending = { status: 'interrupted', note: 'Interrupted.', footer: null, buttons: [RETRY] };

  /** A process that dies in the middle, and what its journal knows. */
  async function left(count: number) {
    const { clock, startOn, start } = setUp();
    const dies = new AbortController();
    const { surface } = start({ limits: { maxChars: 100 } });
    const { reply, opened } = startOn(surface, { signal: dies.signal });
    await stream(clock, reply, count, 500);
    await clock.advance(10_000);
    const progress = reply.progress();
    dies.abort();
    const live = opened.at(-1);
    if (live === undefined) throw new Error('nothing was opened');
    return { clock, startOn, surface, progress, message: { live, text: surface.shown?.text ?? '' } };
  }

  it('is ended in the message that was growing, and what was complete is left alone', async () => {
    const { clock, startOn, surface, progress, message } = await left(70);
    expect(progress).toEqual({ sealed: surface.messages.length - 1, message: message.live.key });
    const { length } = surface.messages;
    const { reply } = startOn(surface, { resumed: { sealed: progress.sealed, message, isWhole: false } });
    reply.write(words(70));
    expect(await within(clock, HOUR_MS, reply.finish(INTERRUPTED))).toBe(true);
    expectWhole(surface, words(70));
    expect(surface.messages).toHaveLength(length);
    expect(surface.shown).toMatchObject(INTERRUPTED);
  });

  it('goes on in new messages where more had arrived than was shown', async () => {
    const { clock, startOn, surface, progress, message } = await left(70);
    const { reply } = startOn(surface, { resumed: { sealed: progress.sealed, message, isWhole: false } });
    reply.write(words(200));
    expect(await within(clock, HOUR_MS, reply.finish(INTERRUPTED))).toBe(true);
    expectWhole(surface, words(200));
  });

  it('does not get shorter where less was kept than was shown', async () => {
    const { clock, startOn, surface, progress, message } = await left(70);
    const { reply } = startOn(surface, { resumed: { sealed: progress.sealed, message, isWhole: false } });
    reply.write(words(40));
    expect(await within(clock, HOUR_MS, reply.finish(INTERRUPTED))).toBe(true);
    expectWhole(surface, words(70));
    expect(surface.shown).toMatchObject(INTERRUPTED);
  });
});

describe('whatever happens on the way', () => {
  const fault = fc.record({
    error: fc.oneof(
      fc.constant(new PassingFault('503')),
      fc.integer({ min: 0, max: 20_000 }).map((ms) => new RateLimited(ms)),
    ),
    when: fc.constantFrom('before' as const, 'after' as const),
    on: fc.constantFrom('open' as const, 'update' as const),
    times: fc.integer({ min: 1, max: 4 }),
    skip: fc.integer({ min: 0, max: 12 }),
  });
  const piece = fc.record({
    words: fc.integer({ min: 1, max: 30 }),
    separator: fc.constantFrom(' ', '\n', '\n\n', ', '),
    pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })),
  });

  it('the text is there in the end: whole, once, in order, and no rule is broken', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fault, { maxLength: 6 }),
        fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 50, max: 300 }),
        fc.integer({ min: 1, max: 6 }),
        async (pieces, faults, latencies, maxChars, limit) => {
          const { clock, limiter, start } = setUp();
          let calls = 0;
          const { surface, reply } = start({
            limits: { maxChars },
            latencyMs: () => latencies[calls++ % latencies.length] ?? 0,
            scope: { key: 'edits', limit, windowMs: 5_000 },
          });
          for (const { skip, ...plan } of faults) {
            // A refusal by the rate limit shows nothing.
            const when = plan.error instanceof RateLimited ? 'before' : plan.when;
            let left = skip;
            surface.fail({ ...plan, when, matches: () => left-- <= 0 });
          }
          let text = '';
          let next = 0;
          for (const { words: count, separator, pauseMs } of pieces) {
            const delta = Array.from({ length: count }, () => `w${next++}${separator}`).join('');
            text += delta;
            reply.write(delta);
            if (pauseMs > 0) await clock.advance(pauseMs);
          }
          const ended = await within(clock, 3 * HOUR_MS, reply.finish({ ...COMPLETE, note: 'Done.' }));
          expect(ended).toBe(true);
          expectWhole(surface, text);
          expect(statuses(surface)).toEqual([...surface.messages.slice(1).map(() => 'sealed'), 'complete']);
          expect(limiter.refusals).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('an answer under a limit that many share', () => {
  const updates: Scope = { key: 'updates', limit: 2, windowMs: 60_000 };
  const shared = (index: number) => ({
    scope: updates,
    updateScope: updates,
    openScope: { key: `posts ${index}`, limit: 5, windowMs: 5_000 },
  });

  it('grows if its last state can be paid for; the others are shown whole as they end, none late', async () => {
    const { clock, limiter, start } = setUp();
    const answers = [0, 1, 2, 3].map((index) => start(shared(index)));
    for (const { reply } of answers) reply.write(words(10));
    await clock.advance(2_000);
    const shown = answers.map(({ surface }) => surface.shown?.status ?? null);
    expect(shown).toEqual(['streaming', 'streaming', null, null]);
    const endedAtMs = clock.now();
    await within(clock, 1_000, Promise.all(answers.map(({ reply }) => reply.finish(COMPLETE))));
    expect(clock.now() - endedAtMs).toBeLessThanOrEqual(1_000);
    for (const { surface } of answers) {
      expect(wordsOf(surface.text)).toHaveLength(10);
      expect(surface.shown?.status).toBe('complete');
    }
    expect(answers.slice(2).map(({ surface }) => surface.writes.length)).toEqual([1, 1]);
    expect(limiter.refusals).toBe(0);
  });

  it('ends on time if interim updates of others have taken the room for its next message', async () => {
    const { clock, limiter, start } = setUp();
    const scarce: Scope = { key: 'updates', limit: 12, windowMs: 60_000, burst: 12 };
    const long = (index: number) => ({
      ...shared(index),
      scope: scarce,
      updateScope: scarce,
      keepsMarks: true,
    });
    const answers = [0, 1].map((index) => start({ ...long(index), limits: { maxChars: 200 } }));
    const text = words(115);
    for (let at = 0; at < text.length; at += 20) {
      for (const { reply } of answers) reply.write(text.slice(at, at + 20));
      await clock.advance(1_000);
    }
    const endedAtMs = clock.now();
    await within(clock, 30_000, Promise.all(answers.map(({ reply }) => reply.finish(COMPLETE))));
    expect(clock.now() - endedAtMs).toBeLessThanOrEqual(1_000);
    for (const { surface } of answers) expect(wordsOf(surface.text)).toHaveLength(115);
    expect(limiter.refusals).toBe(0);
  });

  it('shows its full messages whole, none late, if no edit can be paid for and they keep marks', async () => {
    const { clock, limiter, start } = setUp();
    const long = (index: number) => ({ ...shared(index), limits: { maxChars: 200 }, keepsMarks: true });
    const answers = [0, 1, 2, 3, 4, 5].map((index) => start(long(index)));
    for (let word = 0; word < 150; word++) {
      for (const { reply } of answers) reply.write(`w${word} `);
      await clock.advance(200);
    }
    const shown = answers.map(({ surface }) => surface.messages.length);
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(3);
    const endedAtMs = clock.now();
    await within(clock, 1_000, Promise.all(answers.map(({ reply }) => reply.finish(COMPLETE))));
    expect(clock.now() - endedAtMs).toBeLessThanOrEqual(1_000);
    for (const { surface } of answers) expectWhole(surface, words(150));
    expect(limiter.refusals).toBe(0);
  });

  it('begins to grow when another one has ended', async () => {
    const { clock, start } = setUp();
    const [first, second, third] = [0, 1, 2].map((index) =>
      start({ ...shared(index), scope: { key: `own ${index}`, limit: 5, windowMs: 5_000 } }),
    );
    for (const each of [first, second, third]) each?.reply.write('w0 ');
    await clock.advance(1_000);
    expect(third?.surface.shown).toBeNull();
    await within(clock, 1_000, first?.reply.finish(COMPLETE) ?? Promise.resolve(false));
    await clock.advance(1_000);
    expect(third?.surface.shown?.status).toBe('streaming');
    await within(clock, 9_000, Promise.all([second, third].map((each) => each?.reply.finish(COMPLETE))));
  });

  it('keeps no room for what was given up', async () => {
    const { clock, abandon, start } = setUp();
    const [first, second, third] = [0, 1, 2].map((index) => start(shared(index)));
    for (const each of [first, second, third]) each?.reply.write('w0 ');
    await clock.advance(1_000);
    first?.surface.shut('deleted');
    await within(clock, 1_000, first?.reply.finish(COMPLETE) ?? Promise.resolve(false));
    await clock.advance(61_000);
    expect(third?.surface.shown?.status).toBe('streaming');
    abandon.abort();
    await within(clock, 1_000, Promise.all([second, third].map((each) => each?.reply.finish(COMPLETE))));
  });

  it('prepares its place before it opens a message, and again after a fault', async () => {
    const { clock, start } = setUp();
    let prepared = 0;
    const { surface, reply } = start({
      ...shared(0),
      prepare: async () => {
        prepared++;
        expect(surface.writes).toEqual([]);
        if (prepared === 1) throw new PassingFault('the network');
      },
    });
    reply.write('w0 ');
    await clock.advance(1_000);
    expect(prepared).toBeGreaterThanOrEqual(2);
    expect(surface.shown?.status).toBe('streaming');
    await within(clock, 1_000, reply.finish(COMPLETE));
  });
});

describe('note and footer that stand in the text', () => {
  const tailLength = ({ note, footer }: Pick<MessageView, 'note' | 'footer'>) =>
    (note?.length ?? 0) + (footer?.length ?? 0);

  it('take room in the last message alone', async () => {
    const { clock, start } = setUp();
    const { surface, reply } = start({ limits: { maxChars: 200 }, tailLength });
    reply.write(words(120));
    await within(clock, 60_000, reply.finish({ ...COMPLETE, note: 'n'.repeat(60), footer: 'f'.repeat(40) }));
    const texts = surface.messages.map(({ views }) => views.at(-1)?.view.text ?? '');
    expect(wordsOf(texts.join(' '))).toHaveLength(120);
    expect(Math.max(...texts.slice(0, -1).map((text) => text.length))).toBeGreaterThan(190);
    expect(texts.at(-1)?.length).toBeLessThanOrEqual(100);
    expect(surface.violations).toEqual([]);
  });

  it('stand in a message of their own under one that another process had filled', async () => {
    const { clock, startOn } = setUp();
    const surface = createMemorySurface({ clock, limits: { maxChars: 200 }, tailLength });
    const live = await surface.openMessage(
      { text: words(50).trim(), source: '', status: 'streaming', note: null, footer: null, buttons: [STOP] },
      new AbortController().signal,
    );
    const resumed = { sealed: 0, message: { live, text: words(50).trim() }, isWhole: false };
    const { reply } = startOn(surface, { resumed });
    reply.write(words(30));
    await within(clock, 60_000, reply.finish({ ...COMPLETE, status: 'interrupted', note: 'n'.repeat(60) }));
    expect(wordsOf(surface.text)).toHaveLength(50);
    expect(surface.shown).toMatchObject({ text: '', note: 'n'.repeat(60) });
  });
});
