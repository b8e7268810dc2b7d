import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PlaceLocked } from '../../../../src/core/ports/delivery-errors.ts';
import { StoreError } from '../../../../src/core/ports/store.ts';
import { valuesOf } from '../../../support/changes.ts';
import { createLife } from '../../../support/mortal.ts';
import { messageOf } from '../../../support/test-bot.ts';
import { ANSWER, buttonsOf, closeWorlds, createWorld, eventually, wordsOf } from './harness.ts';

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
        await closeWorlds();
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

  it('is shown if its place is unlocked before the next process has kept it for that', async () => {
    const world = await createWorld();
    const surface = world.surface('place');
    const live = world.provider.live();
    const life = createLife();
    const dying = await world.bot(life);
    const question = messageOf('Tell me', { surface, place: { key: 'thread' } });
    const answering = dying.dispatch.message({ ...question, surface: life.surface(surface) });
    await live.request;
    await live.text(ANSWER);
    await eventually(world.clock, () => expect(wordsOf(surface.text)).toEqual(wordsOf(ANSWER)));
    life.end();
    await live.drop();
    await answering;

    surface.fail({ error: new PlaceLocked('thread') });
    const { write } = world.store;
    let isUnlocked = false;
    world.store.write = async (changes) => {
      if (!isUnlocked && JSON.stringify(changes).includes('held')) {
        isUnlocked = true;
        heir.dispatch.unlocked('discord', 'thread');
        // It looks for answers that are held there, and finds none.
        for (let turn = 0; turn < 10; turn++) await setImmediate();
      }
      return write(changes);
    };
    const heir = await world.bot();
    await eventually(world.clock, () => expect(surface.shown?.status).toBe('interrupted'));
    expect(isUnlocked).toBe(true);
    expect(wordsOf(surface.text)).toEqual(wordsOf(ANSWER));
  });
});
