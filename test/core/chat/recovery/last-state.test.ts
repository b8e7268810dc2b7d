import { describe, expect, it } from 'vitest';
import type { MemorySurface } from '../../../support/memory-surface.ts';
import { createLife } from '../../../support/mortal.ts';
import type { LiveAnswer } from '../../../support/provider/fake-provider.ts';
import { messageOf, pressOf, type TestBot, testSurface } from '../../../support/test-bot.ts';
import { ANSWER, buttonsOf, createWorld, eventually, wordsOf } from './harness.ts';

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
