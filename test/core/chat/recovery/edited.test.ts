import { describe, expect, it } from 'vitest';
import { valuesOf } from '../../../support/changes.ts';
import { createLife } from '../../../support/mortal.ts';
import { messageOf } from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { ANSWER, buttonsOf, createWorld, eventually, wordsOf } from './harness.ts';

describe('a process that dies as the answer to an edited question begins to show', () => {
  it.each([
    ['in the message of the older answer', 'word0', 1],
    ['below the messages of the older answer', ANSWER, 5],
  ])('has the next one keep the edited question and that answer: %s', async (_, older, messages) => {
    const world = await createWorld();
    const surface = world.surface('place');
    const [first, second] = [world.provider.live(), world.provider.live()];
    const life = createLife();
    const dying = await world.bot(life);
    const message = (text: string) => ({
      ...messageOf(text, { surface, place: { key: 'thread' }, id: 'question' }),
      surface: life.surface(surface),
    });
    const asked = [dying.dispatch.message(message('one'))];
    await first.text(older);
    await eventually(world.clock, () => expect(wordsOf(surface.text)).toEqual(wordsOf(older)), 100);
    asked.push(dying.dispatch.edited({ message: message('two'), editedAt: '2' }));
    await second.request;
    // No write waits for one before it.
    await world.clock.advance(1_000);
    // The platform shows it, and the process never hears of that.
    const endAtSecond = ({ text }: { readonly text: string }) => {
      if (text === 'Second') life.end();
      return false;
    };
    surface.fail({ error: 'silence', matches: endAtSecond });
    await second.text('Second');
    await waitUntil(() => expect(surface.shown?.text).toBe('Second'));
    await second.drop();

    const heir = await world.bot();
    await world.settled();
    expect(surface.shown).toMatchObject({ text: 'Second', status: 'interrupted' });
    expect(surface.messages).toHaveLength(messages);
    const at = { guild: 'discord:1', channel: 'c1', key: 'thread' } as const;
    expect((await heir.services.chat.conversationAt(at))?.turns).toMatchObject([
      { question: 'two', answer: 'Second', status: 'interrupted' },
    ]);
    await Promise.all(asked);
  });
});

it('an edit of a question whose answer the next process finished is offered, and not answered at once', async () => {
  const world = await createWorld();
  const surface = world.surface('place');
  const live = world.provider.live();
  const life = createLife();
  const dying = await world.bot(life);
  const message = messageOf('one', { surface, place: { key: 'thread' }, id: 'question' });
  const asked = dying.dispatch.message({ ...message, surface: life.surface(surface) });
  await live.text('First');
  await waitUntil(() => expect(surface.text).toBe('First'));
  life.end();
  await live.drop();
  await asked;

  const heir = await world.bot();
  await world.settled();
  const edited = messageOf('two', { surface, place: { key: 'thread' }, id: 'question' });
  await heir.dispatch.edited({ message: edited, editedAt: '2' });
  expect(world.provider.chats).toHaveLength(1);
  const id = buttonsOf(surface)[0]?.answerId ?? '';
  const record = await valuesOf(world.store, 'answers').get(id);
  expect(record?.value).toMatchObject({ edited: { question: 'two' } });
});
