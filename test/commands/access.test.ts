import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buttonRow, PRESS_KINDS } from '../../src/core/ports/buttons.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  testActor,
} from '../support/test-bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await createTestBot();
});
afterEach(() => bot.close());

const ada = testActor('7', { isAdmin: true });
const mia = testActor('42', { groups: ['100'] });
const ben = testActor('43');

async function run(command: string, options: Record<string, unknown> = {}, actor = ada, channel = 'c1') {
  const invocation = invocationOf(command, options, { actor, place: { channel } });
  await bot.dispatch.command(invocation);
  return invocation.surface.privateTexts.map(({ text }) => text).join('\n');
}

/** Asks in a thread of a channel; resolves to the answer, and to what the person is told. */
async function ask(actor = mia, channel = 'c1', addressed = true) {
  bot.provider.answer('Yes.');
  const asked = messageOf('Hi', { actor, place: { channel, key: `thread in ${channel}` }, addressed });
  await bot.dispatch.message(asked);
  const { text, privateTexts } = asked.surface;
  return { text, told: privateTexts.map((notice) => notice.text).join('\n'), asked };
}

it('a list takes 200 of a kind, and what stands in the other list can be moved', async () => {
  const { settings } = bot.services;
  const put = (id: string, to: 'allow' | 'deny') =>
    settings.changeAccess({ guild: 'discord:1', kind: 'users', id, to, by: 'test' });
  for (let count = 0; count < 200; count++) expect(await put(`${count}`, 'deny')).toBe(true);
  expect(await put('200', 'deny')).toBe(false);
  expect(await run('access', { list: 'deny', user: '200' })).toMatch(
    /^The list is full: it takes 200 of a kind/,
  );
  expect(await put('0', 'allow')).toBe(true);
  expect(await put('200', 'deny')).toBe(true);
});

describe('/access', () => {
  it('keeps out people who are denied, on every path, and says why; not from their own data', async () => {
    const { asked } = await ask();
    const answerId = asked.surface.shown?.buttons[0]?.answerId ?? '';
    expect(await run('access', { list: 'deny', user: '<@42>' })).toMatch(/^Saved\..*- Denied: person `42`/s);
    const denied = /^An admin of this server has blocked you from using me/;
    expect((await ask()).told).toMatch(denied);
    expect(await run('ask', { prompt: 'Hi' }, mia)).toMatch(denied);
    expect(await run('models', {}, mia)).toMatch(denied);
    const press = pressOf('retry', answerId, { actor: mia, place: { key: 'thread in c1' } });
    await bot.dispatch.press(press);
    expect(press.surface.privateTexts[0]?.text).toMatch(denied);
    // Nor is a rating kept as the form for its reason opens.
    for (const button of PRESS_KINDS.filter((kind) => buttonRow(kind).form !== undefined)) {
      const { actor, place } = press;
      expect(await bot.dispatch.refusalOfPress({ button, answerId, actor, place }), button).toMatch(denied);
    }
    expect(await Array.fromAsync(bot.services.feedback.query({}))).toEqual([]);
    expect(bot.provider.chats).toHaveLength(1);
    expect(await run('export', {}, mia)).toMatch(/^Everything stored about you/);
    expect((await ask(ben)).text).toBe('Yes.');
    await run('access', { list: 'neither', user: '42' });
    expect((await ask()).text).toBe('Yes.');
  });

  it('lets in only people and roles that are allowed, if there are any; admins always', async () => {
    await run('access', { list: 'allow', role: '<@&100>' });
    expect((await ask(mia)).text).toBe('Yes.');
    expect((await ask(ben)).told).toMatch(/^Only selected people may use me in this server/);
    await run('access', { list: 'allow', user: '43' });
    expect((await ask(ben)).text).toBe('Yes.');
    expect((await ask(ada)).text).toBe('Yes.');
    // Whoever is denied is, whatever else they are.
    await run('access', { list: 'deny', role: '100' });
    expect((await ask(mia)).told).toMatch(/has blocked you from using me/);
    const unknown = testActor('44', { groups: null });
    expect((await ask(unknown)).told).toMatch(/cannot see your roles right now/);
  });

  it('closes channels for everybody, and leaves admins their commands there', async () => {
    await run('access', { list: 'deny', channel: true }, ada, 'c2');
    expect((await ask(ada, 'c2')).told).toMatch(/has switched me off in this channel/);
    expect(await run('ask', { prompt: 'Hi' }, ada, 'c2')).toMatch(/has switched me off in this channel/);
    expect(await run('model', {}, ada, 'c2')).toMatch(/answers here/);
    expect((await ask(mia, 'c1')).text).toBe('Yes.');
    await run('access', { list: 'neither', channel: true }, ada, 'c2');
    await run('access', { list: 'allow', channel: true }, ada, 'c1');
    expect((await ask(mia, 'c2')).told).toMatch(/has switched me off in this channel/);
    expect((await ask(mia, 'c1')).text).toBe('Yes.');
  });

  it('says nothing to who only talks in a thread where the bot listens', async () => {
    await ask(ada);
    await run('access', { list: 'deny', user: '42' });
    expect(await ask(mia, 'c1', false)).toMatchObject({ told: '', text: '' });
  });

  it('is for admins, of their own guild, and outlives /forget of the guild', async () => {
    expect(await run('access', { list: 'deny', user: '43' }, mia)).toMatch(/^Only an admin/);
    await run('access', { list: 'deny', user: '42' });
    const elsewhere = testActor('42', { guild: 'discord:2' });
    expect((await ask(elsewhere)).text).toBe('Yes.');
    await run('forget', { what: 'guild', sure: 'yes' });
    expect((await ask(mia)).told).toMatch(/has blocked you from using me/);
  });
});
