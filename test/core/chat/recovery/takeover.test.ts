import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { INTERRUPTED } from '../../../../src/core/chat/words/ending-words.ts';
import type { Adapter } from '../../../../src/core/ports/adapter.ts';
import { PlaceLocked } from '../../../../src/core/ports/delivery-errors.ts';
import type { Scope } from '../../../../src/core/ports/scope.ts';
import { partsOfKey, type Store, StoreError } from '../../../../src/core/ports/store.ts';
import { openStore } from '../../../../src/store/open-store.ts';
import { valuesOf } from '../../../support/changes.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import type { MemorySurface } from '../../../support/memory-surface.ts';
import { createLife, type Life } from '../../../support/mortal.ts';
import { event, textChunk } from '../../../support/provider/chunks.ts';
import { createFakeProvider, type LiveAnswer } from '../../../support/provider/fake-provider.ts';
import { createLogRecorder } from '../../../support/provider/test-client.ts';
import {
  createTestBot,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
  testSurface,
} from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** How a platform lets another process find what was posted: as Discord for some minutes, as Discord later, and as Slack. */
const PLATFORMS = {
  'knows sends': {},
  'forgets sends': { forgetsSends: true },
  'keeps marks': { forgetsSends: true, keepsMarks: true },
} as const;
const KINDS = Object.keys(PLATFORMS) as (keyof typeof PLATFORMS)[];

/** One store, one platform and one provider, and the processes that come and go on them. */
async function createWorld(platformKind: keyof typeof PLATFORMS = 'knows sends') {
  const clock = createFakeClock();
  const opened = await openStore('memory:', { clock, log: createLogRecorder().log });
  closing.push(() => opened.close());
  const openClaims = new Set<string>();
  let journal: unknown = null;
  const store = watched(opened, openClaims, (written) => {
    journal = written;
  });
  const provider = await createFakeProvider();
  closing.push(() => provider.close());
  const surfaces = new Map<string, MemorySurface>();
  let faults = 0;
  let isUnread = false;

  const platform: Pick<Adapter, 'platform' | 'reopen'> = {
    platform: 'discord',
    async reopen({ reference, answerId }) {
      if (faults > 0 && faults-- > 0) throw new Error('the platform is away');
      const [name = '', known] = reference.split('#');
      const found = surfaces.get(name)?.reopen(Number(known), answerId) ?? null;
      return found && isUnread ? { surface: found.surface, message: null, isUnread } : found;
    },
  };

  return {
    clock,
    store,
    provider,
    openClaims,
    /** The journal as it was written last. */
    journal: () => JSON.stringify(journal),
    /** Moves time until nothing is under way or left behind. */
    settled: () => eventually(clock, () => expect([...openClaims]).toEqual([])),
    failReopening(times: number): void {
      faults = times;
    },
    /** From now on nobody may read what stands anywhere. */
    forbidReading(): void {
      isUnread = true;
    },
    /** A place with short messages, whose updates are as slow as the scopes say. */
    surface(reference: string, scopes: Partial<Record<'scope' | 'openScope', Scope>> = {}): MemorySurface {
      const surface = testSurface({
        reference,
        limits: { maxChars: 120 },
        clock,
        ...PLATFORMS[platformKind],
        ...scopes,
      });
      surfaces.set(reference, surface);
      return surface;
    },
    async bot(life?: Life): Promise<TestBot> {
      const bot = await createTestBot({
        store: life?.store(store) ?? store,
        provider,
        clock,
        platform: life?.platform(platform) ?? platform,
      });
      closing.push(() => bot.close());
      return bot;
    },
  };
}

/** Moves time until it is so. */
async function eventually(
  clock: FakeClock,
  check: () => Promise<void> | void,
  stepMs = 1_000,
): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.advance(stepMs);
      await check();
    },
    { timeout: 60_000, interval: 5 },
  );
}

/** Keeps the ids of claims that are not finished. */
function watched(store: Store, open: Set<string>, onWrite: (journal: unknown) => void): Store {
  return {
    ...store,
    async write(changes, lock) {
      const made = await store.write(changes, lock);
      for (const [index, change] of changes.entries()) {
        if (!made[index]) continue;
        if (change.kind === 'journal') onWrite(change.journal);
        if (change.kind === 'finish') open.delete(change.claim.id);
      }
      return made;
    },
    claims: {
      ...store.claims,
      async claim(...args) {
        const claim = await store.claims.claim(...args);
        if (claim !== null) open.add(claim.id);
        return claim;
      },
    },
  };
}

const IMAGE = event({
  choices: [{ delta: { images: [{ image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] } }],
});
const words = (length: number) => Array.from({ length }, (_, index) => `word${index}`).join(' ');
const ANSWER = words(60);
const wordsOf = (text: string) => text.match(/word\d+/g) ?? [];
const buttonsOf = ({ messages }: MemorySurface) =>
  messages.flatMap(({ views }) => views.at(-1)?.view.buttons ?? []);
const keysOf = ({ messages }: MemorySurface) => messages.map(({ key }) => key);

/** Has the asker delete the answer; resolves to the messages that went. */
async function deleted(bot: TestBot, surface: MemorySurface): Promise<string[]> {
  const removed: string[] = [];
  const actor = testActor('mia');
  await bot.dispatch.deleteAnswer({
    id: randomUUID(),
    actor,
    place: { guild: actor.guild, channel: 'c1', key: 'thread' },
    surface: testSurface({ isPrivate: true }),
    message: surface.messages.at(-1)?.key ?? '',
    isOwn: true,
    remove: async (keys) => void removed.push(...keys),
  });
  return removed;
}

describe.each((['before', 'after'] as const).flatMap((when) => KINDS.map((kind) => [when, kind] as const)))(
  'a process that dies %s a step of an answer, on a platform that %s',
  (when, kind) => {
    it('leaves one answer or one that is marked as interrupted, at whatever step it dies', {
      timeout: 300_000,
    }, async () => {
      const outcomes: string[] = [];
      for (let at = 1; ; at++) {
        const world = await createWorld(kind);
        const life = createLife(at, when);
        const surface = world.surface('place');
        const place = { key: 'thread' };
        world.provider.answer(ANSWER.split(/(?<= )/));
        const dying = await world.bot(life);
        const question = messageOf('Tell me', { surface, place, id: 'event' });
        await dying.dispatch.message({ ...question, surface: life.surface(surface) });
        const seen = wordsOf(surface.text).length;
        if (!life.isOver) break;

        const heir = await world.bot();
        await world.settled();
        world.provider.answer(ANSWER.split(/(?<= )/));
        await heir.dispatch.message(question);

        const about = `dead ${when} step ${at}`;
        const shown = wordsOf(surface.text);
        expect(shown, about).toEqual(wordsOf(ANSWER).slice(0, shown.length));
        expect(shown.length, about).toBeGreaterThanOrEqual(seen);
        expect(surface.violations, about).toEqual([]);
        expect(
          buttonsOf(surface).map(({ kind }) => kind),
          about,
        ).not.toContain('stop');
        const { status = 'none' } = surface.shown ?? {};
        outcomes.push(status);
        if (status === 'none')
          expect(
            surface.privateTexts.map(({ text }) => text),
            about,
          ).toHaveLength(1);
        else {
          expect(surface.privateTexts, about).toEqual([]);
          expect(
            buttonsOf(surface).filter(({ kind }) => kind === 'retry'),
            about,
          ).toHaveLength(1);
          expect(['complete', 'interrupted'], about).toContain(status);
        }
        if (status === 'complete') expect(shown, about).toHaveLength(60);
        expect(world.provider.chats.length, about).toBeLessThanOrEqual(1);
        const turns = (
          await heir.services.chat.conversationAt({ guild: 'discord:1', channel: 'c1', ...place })
        )?.turns;
        expect(turns?.length ?? 0, about).toBeLessThanOrEqual(1);
        const kept = wordsOf(turns?.[0]?.answer ?? '');
        expect(kept, about).toEqual(wordsOf(ANSWER).slice(0, kept.length));
        if (status === 'complete') expect(kept, about).toHaveLength(60);
        if (status !== 'none') expect(await deleted(heir, surface), about).toEqual(keysOf(surface));
        for (const close of closing.splice(0).reverse()) await close();
      }
      expect(new Set(outcomes)).toEqual(new Set(['none', 'interrupted', 'complete']));
    });
  },
);

describe('a process that dies with an image that had arrived', () => {
  it.each([
    ['beside a text', [textChunk(ANSWER)], ANSWER, ANSWER],
    ['alone', [], '', '(an image)'],
  ])('has the next one say that it is lost: %s', async (_, before, text, kept) => {
    const world = await createWorld();
    const surface = world.surface('place');
    const live = world.provider.live();
    const life = createLife();
    const dying = await world.bot(life);
    const question = messageOf('Draw', { surface, place: { key: 'thread' } });
    const answering = dying.dispatch.message({ ...question, surface: life.surface(surface) });
    await live.request;
    for (const chunk of before) await live.raw(chunk);
    await live.raw(IMAGE);
    await eventually(world.clock, () => expect(world.journal()).toContain('"images":1'));
    life.end();
    await live.drop();
    await answering;
    const heir = await world.bot();
    await world.settled();
    expect(wordsOf(surface.text)).toEqual(wordsOf(text));
    expect(surface.shown).toMatchObject({
      status: 'interrupted',
      note: `${INTERRUPTED} The image of this answer was lost.`,
    });
    const at = { guild: 'discord:1', channel: 'c1', key: 'thread' } as const;
    const conversation = await heir.services.chat.conversationAt(at);
    expect(conversation?.turns).toMatchObject([{ answer: kept }]);
  });
});

describe('a process that dies while it ends what a dead one left', () => {
  it.each([
    ['before', 'much', 110, 'knows sends'],
    ['after', 'much', 110, 'knows sends'],
    ['before', 'much', 110, 'forgets sends'],
    ['after', 'much', 110, 'forgets sends'],
    ['before', 'much', 110, 'keeps marks'],
    ['after', 'much', 110, 'keeps marks'],
    ['before', 'little', 60, 'knows sends'],
    ['after', 'little', 60, 'forgets sends'],
    ['after', 'little', 60, 'keeps marks'],
  ] as const)(
    'leaves that to the next one, at whatever step it dies: %s it, with %s still to be shown (%i words), on a platform that %s',
    { timeout: 300_000 },
    async (when, _, length, kind) => {
      const whole = words(length);
      for (let at = 1; ; at++) {
        const world = await createWorld(kind);
        const surface = world.surface('place');
        const live = world.provider.live();
        const life = createLife();
        const dying = await world.bot(life);
        const question = messageOf('Tell me', { surface, place: { key: 'thread' } });
        const mortal = life.surface(surface);
        // Before anybody could take note of its third message.
        const open: typeof mortal.openMessage = async (...args) => {
          // Where messages keep marks, they do not wait for the journal.
          if (surface.messages.length === 2) await waitUntil(() => expect(world.journal()).toContain(whole));
          const message = await mortal.openMessage(...args);
          if (surface.messages.length === 3) life.end();
          return message;
        };
        const answering = dying.dispatch.message({
          ...question,
          surface: Object.create(mortal, { openMessage: { value: open } }),
        });
        await live.request;
        await live.text(whole);
        await waitUntil(async () => {
          await world.clock.advance(1);
          expect(life.isOver).toBe(true);
        });
        await live.drop();
        await answering;

        const second = createLife(at, when);
        await world.bot(second);
        await eventually(world.clock, () => expect(second.isOver || world.openClaims.size === 0).toBe(true));
        const heir = await world.bot();
        await world.settled();
        const about = `dead at step ${at}`;
        expect(wordsOf(surface.text), about).toEqual(wordsOf(whole));
        expect(surface.shown, about).toMatchObject({ status: 'interrupted', buttons: [{ kind: 'retry' }] });
        expect(buttonsOf(surface), about).toHaveLength(1);
        expect(await deleted(heir, surface), about).toEqual(keysOf(surface));
        for (const close of closing.splice(0).reverse()) await close();
        if (!second.isOver) break;
      }
    },
  );
});

describe('a process that dies when only an answer’s last state is still to be shown', () => {
  const place = { guild: 'discord:1', channel: 'c1', key: 'thread' } as const;

  /** Such a world: the answer's last state, as `status` says, was sent before the process died, or was just not. */
  async function dead(
    end: (live: LiveAnswer, bot: TestBot, surface: MemorySurface) => Promise<void>,
    status: string,
    isSent: boolean,
  ) {
    const world = await createWorld();
    const surface = world.surface('place');
    const live = world.provider.live();
    const life = createLife();
    const dying = await world.bot(life);
    const mortal = life.surface(surface);
    const open: typeof mortal.openMessage = async (...args) => {
      const message = await mortal.openMessage(...args);
      const update: typeof message.update = async (view, signal) => {
        const isLast = view.status === status;
        if (isLast && !isSent) life.end();
        await message.update(view, signal);
        if (isLast) life.end();
      };
      return Object.create(message, { update: { value: update } });
    };
    const answering = dying.dispatch.message({
      ...messageOf('Tell me', { surface, place: { key: place.key } }),
      surface: Object.create(mortal, { openMessage: { value: open } }),
    });
    await live.request;
    await live.text(ANSWER);
    await eventually(world.clock, () => expect(wordsOf(surface.text)).toHaveLength(60));
    await end(live, dying, surface);
    await eventually(world.clock, () => expect(life.isOver).toBe(true), 1);
    await answering;
    const turnsOf = async ({ services }: TestBot) => (await services.chat.conversationAt(place))?.turns;
    return { ...world, surface, turnsOf };
  }

  it.each([
    [
      'finish',
      (live: LiveAnswer) => live.finish(),
      { status: 'complete', note: null, footer: expect.stringContaining('Llama') },
      ['retry', 'continue', 'good', 'bad'],
    ],
    [
      'fault',
      (live: LiveAnswer) => live.fail(),
      { status: 'failed', note: expect.stringContaining('OpenRouter') },
      ['retry'],
    ],
    [
      'stop by the asker',
      (_: LiveAnswer, bot: TestBot, surface: MemorySurface) =>
        bot.dispatch.press(pressOf('stop', buttonsOf(surface)[0]?.answerId ?? '')),
      { status: 'stopped', note: expect.stringMatching(/^Stopped by/) },
      ['retry'],
    ],
  ] as const)('has the next one show that: after the provider’s %s', async (_, end, shown, buttons) => {
    const world = await dead(end, shown.status, false);
    const { surface } = world;
    expect(surface.shown?.status).toBe('streaming');
    const heir = await world.bot();
    await world.settled();
    expect(surface.shown).toMatchObject(shown);
    expect(buttonsOf(surface).map(({ kind }) => kind)).toEqual(buttons);
    expect(wordsOf(surface.text)).toEqual(wordsOf(ANSWER));
    expect(await world.turnsOf(heir)).toMatchObject([{ status: shown.status, answer: ANSWER }]);
  });

  it('has the next one add nothing where the answer’s last message has lost its buttons since, or is gone', async () => {
    for (const isDeleted of [true, false]) {
      const world = await dead((live) => live.finish(), 'complete', true);
      const { surface } = world;
      const { shown, messages } = surface;
      const { length } = messages;
      const found = surface.reopen(0, shown?.buttons[0]?.answerId ?? null);
      if (isDeleted) surface.remove(length - 1);
      else if (shown) await found?.message?.live.update({ ...shown, buttons: [] }, AbortSignal.any([]));
      expect(buttonsOf(surface)).toHaveLength(isDeleted ? 4 : 0);
      await world.bot();
      await world.settled();
      expect(surface.messages).toHaveLength(length);
      expect(surface.privateTexts).toEqual([]);
    }
  });

  it('has the next one show once more what it may not read: its last message, and how it ended', async () => {
    const world = await dead((live) => live.finish(), 'complete', false);
    world.forbidReading();
    const { surface } = world;
    const before = surface.messages.length;
    const growing = surface.shown?.text;
    await world.bot();
    await world.settled();
    expect(surface.messages).toHaveLength(before + 1);
    expect(surface.shown).toMatchObject({ status: 'complete', text: growing });
  });

  it('leaves the turn to who asked again meanwhile', async () => {
    const world = await dead((live) => live.finish(), 'complete', true);
    world.failReopening(5);
    const heir = await world.bot();
    await world.clock.advance(13_000);
    world.provider.answer('The new answer.');
    const again = testSurface({ clock: world.clock });
    const retry = pressOf('retry', buttonsOf(world.surface)[0]?.answerId ?? '', {
      surface: again,
      place: { key: place.key },
    });
    const pressing = heir.dispatch.press(retry);
    await eventually(world.clock, () => expect(again.shown?.status).toBe('complete'), 100);
    await pressing;
    await world.settled();
    expect(await world.turnsOf(heir)).toMatchObject([{ answer: 'The new answer.' }]);
  });
});

describe('a process that dies while a message is behind what had arrived', () => {
  const slow = {
    scope: { key: 'edits', limit: 1, windowMs: 5_000 },
    openScope: { key: 'sends', limit: 5, windowMs: 5_000 },
  };
  const paragraph = words(11);

  it.each([
    [
      'shows more than it will keep',
      [paragraph, `\n\nword11 word12 word13 wo`, `rd14 ${words(60).slice(words(15).length + 1)}`],
    ],
    ['is longer by what closes its markup', ['word0 ***wo', 'rd1 wo', 'rd']],
  ])('loses no word and doubles none, where it %s', async (_, [first = '', second = '', third = '']) => {
    for (const isFinished of [true, false]) {
      const world = await createWorld();
      const surface = world.surface('place', slow);
      const live = world.provider.live();
      const life = createLife();
      const dying = await world.bot(life);
      const answering = dying.dispatch.message({
        ...messageOf('Tell me', { surface, place: { key: 'thread' } }),
        surface: life.surface(surface),
      });
      await live.request;
      await live.text(first);
      await waitUntil(() => expect(surface.messages).toHaveLength(1));
      await live.text(second);
      await eventually(world.clock, () => expect(surface.messages[0]?.views.length).toBe(2), 100);
      await live.text(third);
      if (isFinished) await live.finish();
      // The text that came is in the journal, and not on the platform yet.
      await eventually(
        world.clock,
        () => {
          expect(world.journal()).toContain(JSON.stringify(first + second + third));
          if (isFinished) expect(world.journal()).toContain('"status":"complete"');
        },
        100,
      );
      life.end();
      if (!isFinished) await live.drop();
      await world.clock.advance(10_000);
      await answering;
      await world.bot();
      await world.settled();
      expect(surface.text.replace(/\W+/g, ' ').trim()).toBe(
        (first + second + third).replace(/\W+/g, ' ').trim(),
      );
      expect(surface.shown?.status).toBe(isFinished ? 'complete' : 'interrupted');
    }
  });
});

describe('an answer that is held until its place is unlocked', () => {
  it.each([['before'], ['after']] as const)(
    'is shown once and whole, at whatever step the process that finishes it dies: %s it',
    { timeout: 300_000 },
    async (when) => {
      for (let at = 1; ; at++) {
        const world = await createWorld();
        const surface = world.surface('place');
        // The place is locked for the answer, and for the try that follows at once.
        surface.fail({ error: new PlaceLocked('thread'), on: 'open', times: 2 });
        world.provider.answer(ANSWER);
        const first = await world.bot();
        await first.dispatch.message(messageOf('Tell me', { surface, place: { key: 'thread' } }));
        await eventually(world.clock, () => expect(surface.writes).toHaveLength(2));
        await world.settled();
        expect(surface.messages).toEqual([]);

        const life = createLife(at, when);
        const second = await world.bot(life);
        second.dispatch.unlocked('discord', 'thread');
        const isShown = () => surface.shown?.status === 'complete' && world.openClaims.size === 0;
        await eventually(world.clock, () => expect(life.isOver || isShown()).toBe(true));
        const heir = await world.bot();
        for (let times = 0; times < 2; times++) {
          // As after a start.
          heir.dispatch.unlocked('discord', null);
          await eventually(world.clock, () => expect(isShown()).toBe(true));
        }
        const about = `dead ${when} step ${at}`;
        expect(wordsOf(surface.text), about).toEqual(wordsOf(ANSWER));
        expect(
          buttonsOf(surface).filter(({ kind }) => kind === 'retry'),
          about,
        ).toHaveLength(1);
        expect(
          surface.privateTexts.map(({ text }) => text),
          about,
        ).toEqual([expect.stringContaining('locked')]);
        expect(surface.violations, about).toEqual([]);
        const record = await valuesOf(world.store, 'answers').get(buttonsOf(surface)[0]?.answerId ?? '');
        expect(record?.value, about).not.toHaveProperty('held');
        for (const close of closing.splice(0).reverse()) await close();
        if (!life.isOver) break;
      }
    },
  );

  it('is shown once the store answers again, if it did not when the place was unlocked', async () => {
    const world = await createWorld();
    const surface = world.surface('place');
    surface.fail({ error: new PlaceLocked('thread'), on: 'open', times: 2 });
    world.provider.answer(ANSWER);
    const bot = await world.bot();
    await bot.dispatch.message(messageOf('Tell me', { surface, place: { key: 'thread' } }));
    await eventually(world.clock, () => expect(surface.writes).toHaveLength(2));
    await world.settled();
    const { claim } = world.store.claims;
    let refused = 0;
    world.store.claims.claim = async (...args) => {
      if (refused++ < 2) throw new StoreError('away');
      return claim(...args);
    };
    bot.dispatch.unlocked('discord', 'thread');
    await eventually(world.clock, () => expect(surface.shown?.status).toBe('complete'));
    expect(wordsOf(surface.text)).toEqual(wordsOf(ANSWER));
  });
});

describe('what a dead process left', () => {
  it('is told to the asker where no answer had begun', async () => {
    const world = await createWorld();
    const surface = world.surface('place');
    await world.store.claims.claim('event', 'dead', 0, 0, {
      version: 1,
      platform: 'discord',
      place: 'place#0',
      answer: null,
    });
    await world.bot();
    await world.settled();
    expect(surface.privateTexts).toMatchObject([{ text: expect.stringMatching(/restarted before/) }]);
    expect(surface.messages).toEqual([]);
  });

  it('is kept as no turn if the answer is forgotten while it is kept', async () => {
    const world = await createWorld();
    const surface = world.surface('place');
    const live = world.provider.live();
    const life = createLife();
    const dying = await world.bot(life);
    const question = messageOf('Tell me', { surface, place: { key: 'thread' } });
    const answering = dying.dispatch.message({ ...question, surface: life.surface(surface) });
    await live.request;
    await live.text('As far as it got.');
    await eventually(world.clock, () => expect(world.journal()).toContain('As far as it got.'));
    life.end();
    const answerId = buttonsOf(surface)[0]?.answerId ?? '';
    const { write } = world.store;
    let kept = 0;
    world.store.write = async (changes, lock) => {
      const isOfTurns = changes.some(
        (change) => change.kind === 'replace' && partsOfKey(change.key)[0] === 'conversations',
      );
      // `/forget` deletes what the buttons stand for, and then looks for turns.
      if (isOfTurns && kept++ === 0) await valuesOf(world.store, 'answers').delete(answerId);
      return write(changes, lock);
    };
    const heir = await world.bot();
    await world.settled();
    await live.finish().catch(() => {});
    await answering;
    expect(kept).toBeGreaterThan(0);
    const place = { guild: 'discord:1', channel: 'c1', key: 'thread' } as const;
    expect((await heir.services.chat.conversationAt(place))?.turns ?? []).toEqual([]);
  });

  it('is left to another process where its platform is not at home here', async () => {
    const world = await createWorld();
    await world.store.claims.claim('event', 'dead', 0, 0, {
      version: 1,
      platform: 'slack',
      place: 'place#0',
      answer: null,
    });
    await world.bot();
    await world.clock.advance(60_000);
    expect([...world.openClaims]).toEqual(['event']);
  });

  it('is tried again where its platform is away, and forgotten where its place is gone', async () => {
    const world = await createWorld();
    const written = { version: 1, platform: 'discord', answer: null };
    await world.store.claims.claim('away', 'dead', 0, 0, { ...written, place: 'away#0' });
    await world.store.claims.claim('gone', 'dead', 0, 0, { ...written, place: 'gone#0' });
    const surface = world.surface('away');
    world.failReopening(2);
    await world.bot();
    await world.settled();
    expect(surface.privateTexts).toHaveLength(1);
  });
});
