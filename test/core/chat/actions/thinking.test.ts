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

const place = { key: 't' };

function reasoningChunk(text: string): string {
  return `data: ${JSON.stringify({ id: 'gen', choices: [{ index: 0, delta: { reasoning: text } }] })}\n\n`;
}

/** Asks a model that thinks before it answers. */
async function ask(thought: string) {
  bot.provider.script((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const usage = usageChunk({ prompt_tokens: 10, completion_tokens: 20 });
    response.end(reasoningChunk(thought) + textChunk('Four.') + finishChunk('stop') + usage + DONE);
  });
  const asked = messageOf('2+2?', { place });
  let isThinking = false;
  Object.assign(asked.surface, {
    think() {
      isThinking = true;
    },
  });
  await bot.dispatch.message(asked);
  const buttons = asked.surface.shown?.buttons ?? [];
  return { asked, isThinking, kinds: buttons.map(({ kind }) => kind), answerId: buttons[0]?.answerId ?? '' };
}

async function show(answerId: string, actor = testActor('ben')) {
  const press = pressOf('thinking', answerId, { place, actor });
  await bot.dispatch.press(press);
  expect(press.surface.messages).toEqual([]);
  return press.surface.privateTexts[0]?.text ?? '';
}

describe('what a model thinks', () => {
  it('is behind a button for whoever sees the answer, and in nothing else', async () => {
    const { asked, isThinking, kinds, answerId } = await ask('Two and two: **four**.');
    expect(isThinking).toBe(true);
    expect(kinds).toEqual(['retry', 'thinking', 'continue', 'good', 'bad']);
    expect(asked.surface.text).toBe('Four.');
    expect(await show(answerId)).toBe('**What the model thought**\n\nTwo and two: **four**.');
    expect(await show(answerId, testActor('eve', { guild: 'discord:2' }))).toMatch(/has expired/);
    bot.provider.answer('Yes.');
    await bot.dispatch.message(messageOf('Sure?', { place }));
    expect(JSON.stringify(bot.provider.chats[1]?.body)).not.toContain('Two and two');
  });

  it('is kept to its first 8,000 characters', async () => {
    const { answerId } = await ask('🤔'.repeat(5_000));
    const shown = await show(answerId);
    expect(shown).toContain('(its first 8,000 characters)');
    expect(shown.match(/🤔/gu)).toHaveLength(4_000);
  });

  it('has no button where there is none', async () => {
    const { kinds, answerId } = await ask('  ');
    expect(kinds).not.toContain('thinking');
    expect(await show(answerId)).toBe('The model’s thinking is no longer stored.');
  });

  it('is exported and forgotten with the question', async () => {
    const { answerId } = await ask('Two and two.');
    const exported = invocationOf('export', {}, { place });
    await bot.dispatch.command(exported);
    const [file] = exported.surface.privateTexts[0]?.files ?? [];
    expect(new TextDecoder().decode(file?.bytes)).toContain('Two and two.');
    await bot.dispatch.command(invocationOf('forget', { what: 'myself', sure: 'yes' }, { place }));
    expect(await show(answerId)).toMatch(/has expired/);
  });
});
