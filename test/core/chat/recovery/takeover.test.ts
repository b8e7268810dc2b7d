import { describe, expect, it } from 'vitest';
import { createTakeover } from '../../../../src/core/chat/recovery/takeover.ts';
import { INTERRUPTED } from '../../../../src/core/chat/words/ending-words.ts';
import type { Entry } from '../../../../src/core/coordination/journal-entry.ts';
import { PlaceGone } from '../../../../src/core/ports/delivery-errors.ts';
import { partsOfKey } from '../../../../src/core/ports/store.ts';
import { valuesOf } from '../../../support/changes.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createLife } from '../../../support/mortal.ts';
import { event, textChunk } from '../../../support/provider/chunks.ts';
import { createLogRecorder } from '../../../support/provider/test-client.ts';
import { messageOf } from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import {
  ANSWER,
  buttonsOf,
  closeWorlds,
  createWorld,
  deleted,
  eventually,
  KINDS,
  keysOf,
  words,
  wordsOf,
} from './harness.ts';

const IMAGE = event({
  choices: [{ delta: { images: [{ image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] } }],
});

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
        const thread = { guild: 'discord:1', channel: 'c1', ...place } as const;
        const stored = (await heir.services.chat.conversationAt(thread))?.turns ?? [];
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
        const turns = (await heir.services.chat.conversationAt(thread))?.turns;
        expect(turns?.length ?? 0, about).toBeLessThanOrEqual(1);
        if (stored.length > 0) expect(turns, about).toEqual(stored);
        const kept = wordsOf(turns?.[0]?.answer ?? '');
        expect(kept, about).toEqual(wordsOf(ANSWER).slice(0, kept.length));
        if (status === 'complete') expect(kept, about).toHaveLength(60);
        if (status !== 'none') expect(await deleted(heir, surface), about).toEqual(keysOf(surface));
        await closeWorlds();
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
    world.store.write = async (changes) => {
      const isOfTurns = changes.some(
        (change) => change.kind === 'replace' && partsOfKey(change.key)[0] === 'conversations',
      );
      // `/forget` deletes what the buttons stand for, and then looks for turns.
      if (isOfTurns && kept++ === 0) await valuesOf(world.store, 'answers').delete(answerId);
      return write(changes);
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

  it('is tried once where the platform says that its place is gone', async () => {
    const world = await createWorld();
    const written = { version: 1, platform: 'discord', answer: null, place: 'gone#0' };
    await world.store.claims.claim('gone', 'dead', 0, 0, written);
    const surface = world.surface('gone');
    world.failReopening(1, new PlaceGone('forbidden'));
    await world.bot();
    await world.settled();
    expect(surface.privateTexts).toEqual([]);
  });
});

it('answers of dead processes are finished fifty at once, because each may wait for its platform', async () => {
  const clock = createFakeClock();
  const { log } = createLogRecorder();
  const written = { version: 1, platform: 'discord', place: 'p', answer: null, asked: null } as const;
  const entry = { lost: new AbortController().signal, async end() {}, leave() {} } as unknown as Entry;
  let left = 120;
  let running = 0;
  const seen: number[] = [];
  const takeover = createTakeover({
    journal: { takeOver: async () => (left > 0 ? { eventId: `e${left--}`, entry, written } : null) },
    async finish() {
      seen.push(++running);
      await clock.sleep(1_000);
      running--;
      return true;
    },
    delivery: { clock, log },
  } as unknown as Parameters<typeof createTakeover>[0]);
  const platform = { platform: 'discord', reopen: async () => null } as const;
  const looking = takeover.startThrough([platform]);
  for (let second = 0; second < 10; second++) await clock.advance(1_000);
  await looking.stop();
  expect([seen.length, Math.max(...seen)]).toEqual([120, 50]);
});
