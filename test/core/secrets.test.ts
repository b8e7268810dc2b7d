import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valuesOf } from '../support/changes.ts';
import { createTestBot, invocationOf, messageOf, type TestBot, testActor } from '../support/test-bot.ts';

const KEY = 'sk-or-v1-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

async function stored(): Promise<string> {
  const found: string[] = [];
  for (const namespace of ['conversations', 'answers', 'settings', 'places', 'guilds', 'keys']) {
    for await (const entry of valuesOf(bot.store, namespace).entries()) found.push(JSON.stringify(entry));
  }
  return found.join('\n') + bot.logged();
}

describe('a key that was typed behind a command', () => {
  it.each([
    ['an admin', true, /`\/connect` opens a form/],
    ['a member', false, /Only an admin can use `\/connect`/],
  ])('is not taken, and is to be revoked: by %s', async (_, isAdmin, further) => {
    const typed = invocationOf(
      'connect',
      { provider: 'openrouter', key: KEY },
      { actor: testActor('ada', { isAdmin }), isFilledIn: false },
    );
    await bot.dispatch.command(typed);
    const told = typed.surface.privateTexts[0]?.text ?? '';
    expect(told).toMatch(/^I ignored the text after.*delete your message and revoke the key/);
    expect(told).toMatch(further);
    expect(told).not.toContain(KEY);
    expect(bot.provider.requests.filter(({ path }) => path.endsWith('/key'))).toEqual([]);
    expect(await stored()).not.toContain(KEY);
  });

  it('is taken from a form', async () => {
    const filled = invocationOf(
      'connect',
      { provider: 'openrouter', key: KEY },
      { actor: testActor('ada', { isAdmin: true }) },
    );
    await bot.dispatch.command(filled);
    expect(filled.surface.privateTexts[0]?.text).toMatch(/The key …\w{4} for OpenRouter is connected/);
  });

  it('need not be there for the way to be told', async () => {
    const bare = invocationOf(
      'connect',
      {},
      { actor: testActor('ada', { isAdmin: true }), isFilledIn: false },
    );
    await bot.dispatch.command(bare);
    expect(bare.surface.privateTexts[0]?.text).toMatch(/^`\/connect` opens a form/);
  });
});

describe('a command for a key that is typed as text', () => {
  // No provider's keys have this shape.
  const secret = 'q7w3e9r1t5y8u2i4';
  it.each([
    `/connect openrouter ${secret}`,
    `/CONNECT openrouter ${secret}`,
    `/connect:${secret}`,
    `/ connect ${secret}`,
    `!connect ${secret}`,
    `／connect ${secret}`,
    `\`/connect openrouter ${secret}\``,
    `> **/connect** ${secret}`,
    `Hello!\n/connect ${secret}`,
    `please connect openrouter ${secret}`,
    `Connect: OpenAI, ${secret}`,
  ])('is sent to no model, and the key is to be revoked: %s', async (text) => {
    const asked = messageOf(text, { place: { key: 'thread' } });
    await bot.dispatch.message(asked);
    expect(bot.provider.chats).toEqual([]);
    const told = asked.surface.privateTexts[0]?.text ?? '';
    expect(told).toMatch(/I ignored the text after `\/connect`.*delete your message and revoke the key/);
    expect(told).not.toContain(secret);
    expect(await stored()).not.toContain(secret);
  });

  it.each([
    'How do I connect to OpenRouter?',
    'What does /connect openrouter do?',
    'How do I connect openai whisper to my 24-channel recorder?',
    'connect db-server-production-01',
    'path/connect/openrouter2024',
  ])('is none that only speaks of it: %s', async (text) => {
    bot.provider.answer('Like this.');
    await bot.dispatch.message(messageOf(text, { place: { key: 'thread' } }));
    expect(bot.provider.chats).toHaveLength(1);
  });

  it('is told also where the bot was away for long', async () => {
    const asked = messageOf(`/connect openrouter ${secret}`, { place: { key: 'thread' } });
    await bot.dispatch.missed([{ message: asked, atMs: Date.now() - 20 * 60_000 }]);
    expect(asked.surface.privateTexts[0]?.text).toMatch(/revoke the key/);
    expect(await stored()).not.toContain(secret);
  });
});

describe('a question with a key in it', () => {
  it.each([
    ['a message', (text: string) => messageOf(text, { place: { key: 'thread' } })],
    ['/ask', (text: string) => invocationOf('ask', { prompt: text })],
  ])('is sent to no model, and kept nowhere: %s', async (way, asked) => {
    const event = asked(`Does ${KEY} work?`);
    if (way === '/ask') await bot.dispatch.command(event as ReturnType<typeof invocationOf>);
    else await bot.dispatch.message(event as ReturnType<typeof messageOf>);
    expect(bot.provider.chats).toEqual([]);
    expect(event.surface.messages).toEqual([]);
    const told = event.surface.privateTexts[0]?.text ?? '';
    expect(told).toMatch(/secret key of OpenRouter\. .*did not send it to a model.*revoke the key/);
    expect(told).not.toContain(KEY);
    expect(await stored()).not.toContain(KEY);
  });
});
