import { afterEach, beforeEach, expect, it } from 'vitest';
import type { QuotedPart } from '../../../../src/core/ports/parts.ts';
import { THINKING_FILE } from '../../../support/models.ts';
import { createTestBot, invocationOf, messageOf, pressOf, type TestBot } from '../../../support/test-bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot({ file: THINKING_FILE, defaultModel: 'maker/plain' });
});
afterEach(() => bot.close());

const place = { key: 't' };
const quoted = (why: QuotedPart['why']): QuotedPart => ({
  type: 'quoted',
  why,
  author: { user: 'ada', name: 'Ada' },
  text: 'On Monday?',
  files: [],
});

async function ask(command: string, options: Record<string, unknown>) {
  const asked = invocationOf(command, options, { place });
  const readThread = async () => ({ messages: [quoted('thread')], problem: null });
  await bot.dispatch.command({ ...asked, readThread });
  return asked.surface;
}

it.each([
  [
    'a command with options',
    () => ask('ask', { prompt: 'Why?', model: 'openai/gpt-5', effort: 'low', web: true }),
    { model: 'openai/gpt-5', reasoning: { effort: 'low' }, tools: expect.anything() },
  ],
  ['a summary of a thread', () => ask('summarise', {}), { model: 'maker/plain' }],
  [
    'a message with a quote',
    async () => {
      const asked = messageOf('Really?', { place, brought: [quoted('reply')] });
      await bot.dispatch.message(asked);
      return asked.surface;
    },
    { model: 'maker/plain' },
  ],
])('Retry of %s asks as the first time, after other questions too', async (_, first, wanted) => {
  for (const text of ['Before.', 'One.', 'Between.', 'Two.']) bot.provider.answer(text);
  await bot.dispatch.message(messageOf('Something else.', { place }));
  const surface = await first();
  await bot.dispatch.message(messageOf('Another.', { place }));
  const again = pressOf('retry', surface.shown?.buttons[0]?.answerId ?? '', { place });
  await bot.dispatch.press(again);
  const [, before, , after] = bot.provider.chats.map(({ body }) => body);
  expect(before).toMatchObject(wanted);
  expect(after).toEqual(before);
  expect(again.surface.text).toBe('Two.');
});
