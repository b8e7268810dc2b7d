import { describe, expect, it } from 'vitest';
import { createLife } from '../../../support/mortal.ts';
import { messageOf } from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import {
  buttonsOf,
  closeWorlds,
  createWorld,
  deleted,
  eventually,
  keysOf,
  words,
  wordsOf,
} from './harness.ts';

describe('a process that dies while it ends what a dead one left', () => {
  it.each([
    ['before', 'much', 85, 'knows sends'],
    ['after', 'much', 85, 'knows sends'],
    ['before', 'much', 85, 'forgets sends'],
    ['after', 'much', 85, 'forgets sends'],
    ['before', 'much', 85, 'keeps marks'],
    ['after', 'much', 85, 'keeps marks'],
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
        await eventually(world.clock, () => expect(life.isOver).toBe(true), 1);
        await live.drop();
        await answering;

        const second = createLife(at, when);
        await world.bot(second);
        const isDone = () => second.isOver || world.openClaims.size === 0;
        await eventually(world.clock, () => expect(isDone()).toBe(true), 5_000);
        const heir = await world.bot();
        await world.settled();
        const about = `dead at step ${at}`;
        expect(wordsOf(surface.text), about).toEqual(wordsOf(whole));
        expect(surface.shown, about).toMatchObject({ status: 'interrupted', buttons: [{ kind: 'retry' }] });
        expect(buttonsOf(surface), about).toHaveLength(1);
        expect(await deleted(heir, surface), about).toEqual(keysOf(surface));
        await closeWorlds();
        if (!second.isOver) break;
      }
    },
  );
});
