import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DONE, finishChunk, textChunk, usageChunk } from '../../../support/provider/chunks.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
} from '../../../support/test-bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const thread = { place: { key: 't' } };

/** Asks, and gets an answer that is cut at its longest length; resolves to the surface that shows it. */
async function askCut() {
  bot.provider.script((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const usage = usageChunk({ prompt_tokens: 10, completion_tokens: 20 });
    response.end(textChunk('One, two,') + finishChunk('length') + usage + DONE);
  });
  const asked = messageOf('Count!', thread);
  await bot.dispatch.message(asked);
  return asked.surface;
}

describe('Go on', () => {
  it('stands under an answer that was cut, and brings the rest from where it broke off', async () => {
    const { shown } = await askCut();
    expect(shown?.note).toMatch(/^Stopped at the length limit .* Press Go on for the rest\.$/);
    expect(shown?.buttons.map(({ kind }) => kind)).toEqual(['retry', 'more', 'continue', 'good', 'bad']);
    bot.provider.answer('three.');
    const press = pressOf('more', shown?.buttons[1]?.answerId ?? '', thread);
    await bot.dispatch.press(press);
    expect(press.surface.text).toBe('three.');
    expect(press.retired()).toBe(1);
    const sent: { content: string }[] = bot.provider.chats[1]?.body.messages.slice(1);
    expect(sent.map(({ content }) => content)).toEqual([
      'Count!',
      'One, two,',
      expect.stringMatching(/^Your answer to “Count!” was cut .* Continue exactly where it stopped/),
    ]);
    expect(press.surface.shown?.buttons.map(({ kind }) => kind)).toEqual([
      'retry',
      'continue',
      'good',
      'bad',
    ]);
  });

  it('is for the asker and admins, and for answers that are remembered', async () => {
    const { shown } = await askCut();
    const id = shown?.buttons[1]?.answerId ?? '';
    const stranger = pressOf('more', id, { ...thread, actor: testActor('ben') });
    await bot.dispatch.press(stranger);
    expect(stranger.surface.privateTexts[0]?.text).toMatch(/Only Mia or an admin can go on with/);
    await bot.dispatch.command(invocationOf('new', {}, thread));
    const late = pressOf('more', id, thread);
    await bot.dispatch.press(late);
    expect(late.surface.privateTexts[0]?.text).toMatch(/no longer stored/);
    expect(bot.provider.chats).toHaveLength(1);
  });
});
