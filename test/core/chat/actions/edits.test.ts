import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QuotedPart } from '../../../../src/core/ports/parts.ts';
import { valuesOf } from '../../../support/changes.ts';
import { saidIn } from '../../../support/said.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testSurface,
} from '../../../support/test-bot.ts';
import { waitUntil } from '../../../support/wait-until.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const place = { key: 'thread' };
const edit = (text: string, editedAt: string) =>
  bot.dispatch.edited({ message: messageOf(text, { id: 'question', place }), editedAt });
const questions = () => bot.provider.chats.map(({ body }) => saidIn(body).at(-1));
const turns = async () => {
  const at = { guild: 'discord:1', channel: 'c1', ...place } as const;
  return (await bot.services.chat.conversationAt(at))?.turns.map(({ question }) => question);
};

describe('an edit that is delivered behind a newer one', () => {
  it('changes nothing while the newer question is answered, or after it', async () => {
    const [first, second] = [bot.provider.live(), bot.provider.live()];
    const asked = bot.dispatch.message(messageOf('one', { id: 'question', place }));
    await first.text('First');
    const newer = edit('three', '3.5');
    await second.text('Third');
    await edit('two', '2.5');
    await second.finish();
    await Promise.all([asked, newer]);
    await edit('two again', '2.7');
    expect(questions()).toEqual(['one', 'three']);
    expect(await turns()).toEqual(['three']);
  });

  it('changes nothing where the newer one took the change back', async () => {
    const live = bot.provider.live();
    const asked = bot.dispatch.message(messageOf('one', { id: 'question', place }));
    await live.text('First');
    await waitUntil(async () => expect(await bot.services.chat.wasAsked('question')).toBe(true));
    await edit('one', '3');
    await edit('two', '2');
    await live.finish();
    await asked;
    expect(questions()).toEqual(['one']);
  });
});

it('a question that is edited after its answer is asked again as it stands then, with what it brings', async () => {
  const author = { user: 'ada', name: 'Ada' };
  const quoted = (text: string): QuotedPart => ({ type: 'quoted', why: 'reply', author, text, files: [] });
  bot.provider.answer('First.');
  const surface = testSurface({ reference: 'place' });
  const asked = messageOf('one', { id: 'question', place, surface, brought: [quoted('On Monday?')] });
  await bot.dispatch.message(asked);
  const shown: unknown[] = [];
  bot.finders.push({
    reopen: async () => null,
    async changeButtons({ reference, answerId }, buttons) {
      shown.push(reference, answerId, ...buttons.map(({ kind }) => kind));
      return true;
    },
  });
  const message = messageOf('two', { id: 'question', place, brought: [quoted('On Tuesday?')] });
  await bot.dispatch.edited({ message, editedAt: '2' });
  // Its button is there already.
  await bot.dispatch.edited({
    message: { ...message, parts: messageOf('three', { brought: [quoted('On Sunday?')] }).parts },
    editedAt: '3',
  });
  const answerId = surface.shown?.buttons[0]?.answerId ?? '';
  expect(shown).toEqual(['place#1', answerId, 'retry', 'edited', 'continue', 'good', 'bad']);
  bot.provider.answer('Second.');
  const press = pressOf('edited', answerId, { place });
  await bot.dispatch.press(press);
  expect(press.surface.text).toBe('Second.');
  const sent = JSON.stringify(bot.provider.chats[1]?.body.messages);
  expect(sent).toContain('On Sunday?');
  expect(sent).toContain('three');
  expect(sent).not.toMatch(/Monday|Tuesday|one|two/);
});

it('an edit during a pause leaves the answer alone, and the asker learns why', async () => {
  const live = bot.provider.live();
  const asked = bot.dispatch.message(messageOf('one', { id: 'question', place }));
  await live.text('First');
  await bot.services.pauses.pause('Back at noon.', 'dashboard');
  const message = messageOf('two', { id: 'question', place });
  await bot.dispatch.edited({ message, editedAt: '2' });
  expect(message.surface.privateTexts[0]?.text).toMatch(/^I am paused .*Back at noon\.$/);
  await live.finish();
  await asked;
  expect(questions()).toEqual(['one']);
  expect(await turns()).toEqual(['one']);
});

describe('a Stop in the moment in which an edited question takes over', () => {
  it.each(['button', '/stop', 'the dashboard'])('by %s stops the new answer as well', async (how) => {
    const first = bot.provider.live();
    const question = messageOf('one', { id: 'question', place });
    const asked = bot.dispatch.message(question);
    await first.text('First');
    await waitUntil(() => expect(question.surface.text).toBe('First'));
    const answerId = question.surface.shown?.buttons[0]?.answerId ?? '';
    bot.provider.answer('Second.');
    const newer = edit('two', '2');
    expect(await (await first.request).closed).toBe('aborted');
    const press = pressOf('stop', answerId, { place });
    if (how === 'button') await bot.dispatch.press(press);
    else if (how === '/stop') await bot.dispatch.command(invocationOf('stop', {}, { place }));
    else expect(await bot.services.underWay.stop(answerId, 'dashboard')).toBe(true);
    await Promise.all([asked, newer]);
    expect(await turns()).toEqual(['one']);
    expect(press.surface.privateTexts).toEqual([]);
  });
});

it.each(['button', 'the dashboard'])(
  'a Stop by %s of an answer that has ended leaves a Retry alone',
  async (how) => {
    const question = messageOf('one', { id: 'question', place });
    bot.provider.answer('First.');
    await bot.dispatch.message(question);
    const answerId = question.surface.shown?.buttons[0]?.answerId ?? '';
    const live = bot.provider.live();
    const retry = pressOf('retry', answerId, { place });
    const retried = bot.dispatch.press(retry);
    await live.text('Second');
    await waitUntil(() => expect(retry.surface.text).toBe('Second'));
    const press = pressOf('stop', answerId, { place });
    if (how === 'button') {
      await bot.dispatch.press(press);
      expect(press.surface.privateTexts[0]?.text).toBe('This answer has already ended.');
    } else expect(await bot.services.underWay.stop(answerId, 'dashboard')).toBe(false);
    await live.finish();
    await retried;
    expect(retry.surface.shown).toMatchObject({ text: 'Second', status: 'complete' });
  },
);

it('a Stop of an answer follows every edit of its question, and no edit of a Retry', async () => {
  const [first, second, third] = [bot.provider.live(), bot.provider.live(), bot.provider.live()];
  const question = messageOf('one', { id: 'question', place });
  const asked = [bot.dispatch.message(question)];
  await first.text('First');
  await waitUntil(() => expect(question.surface.text).toBe('First'));
  const answerId = question.surface.shown?.buttons[0]?.answerId ?? '';
  asked.push(edit('two', '2'));
  await second.text('Second');
  asked.push(edit('three', '3'));
  const { closed } = await third.request;
  expect(await bot.services.underWay.stop(answerId, 'dashboard')).toBe(true);
  expect(await closed).toBe('aborted');
  await Promise.all(asked);

  const [retried, edited] = [bot.provider.live(), bot.provider.live()];
  const again = [bot.dispatch.press(pressOf('retry', answerId, { place }))];
  await retried.text('Fourth');
  again.push(edit('four', '4'));
  await edited.text('Fifth');
  expect(await bot.services.underWay.stop(answerId, 'dashboard')).toBe(false);
  await edited.finish();
  await Promise.all(again);
  expect(await turns()).toEqual(['four']);
});

it('an operator stops an answer though its record cannot be read', async () => {
  const live = bot.provider.live();
  const question = messageOf('one', { id: 'question', place });
  const asked = bot.dispatch.message(question);
  await live.text('First');
  await waitUntil(() => expect(question.surface.text).toBe('First'));
  const answerId = question.surface.shown?.buttons[0]?.answerId ?? '';
  await valuesOf(bot.store, 'answers').set(answerId, { version: 1, value: 'damaged' });
  expect(await bot.services.underWay.stop(answerId, 'dashboard')).toBe(true);
  await asked;
  expect(question.surface.shown?.note).toBe('Stopped by the operator.');
});
