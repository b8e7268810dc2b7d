import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, openBench, openGuild } from '../harness.ts';

let bench: Bench | null = null;
afterEach(async () => {
  const violations = bench?.discord.violations ?? [];
  await bench?.close();
  bench = null;
  expect(violations).toEqual([]);
});

async function setUp() {
  bench = await openBench();
  const { discord, desk } = bench;
  const ground = openGuild(discord);
  const bob = discord.person('Bob');
  ground.guild.join(bob);
  async function heard() {
    await discord.until(() => desk.messages.length > 0, 'core has heard a message');
    const [message] = desk.messages;
    if (message === undefined) throw new Error('nothing was heard');
    return message;
  }
  return { discord, desk, ...ground, bob, heard };
}

const notes = { name: 'notes.md', type: 'text/markdown; charset=utf-8', bytes: '# Notes' };
const photo = { name: 'cat.png', type: 'image/png', bytes: 'png' };

describe('what comes with a Discord message', () => {
  it('is its files', async () => {
    const { discord, ada, channel, heard } = await setUp();
    ada.say(channel, `${discord.botMention} what is this?`, { files: [notes, photo] });
    expect((await heard()).parts).toMatchObject([
      { type: 'text', text: 'what is this?' },
      { type: 'file', name: 'notes.md', mediaType: 'text/markdown', sizeBytes: 7 },
      { type: 'image', name: 'cat.png', mediaType: 'image/png', sizeBytes: 3 },
    ]);
  });

  it('is a file without a word', async () => {
    const { ada, heard } = await setUp();
    ada.say(ada.dm, '', { files: [photo] });
    expect((await heard()).parts).toMatchObject([{ type: 'text', text: '' }, { type: 'image' }]);
  });

  it('is the message that it replies to, with its author and files', async () => {
    const { discord, ada, bob, channel, heard } = await setUp();
    const original = bob.say(channel, `The site is down, ${ada.mention}`, { files: [notes] });
    ada.say(channel, `${discord.botMention} why?`, { replyTo: original });
    expect((await heard()).parts).toMatchObject([
      { type: 'text', text: 'why?' },
      {
        type: 'quoted',
        why: 'reply',
        author: { user: bob.id, name: 'Bob' },
        text: 'The site is down, @Ada',
        files: [{ name: 'notes.md' }],
      },
    ]);
  });

  it('is no answer of the bot, which the conversation has already', async () => {
    const { discord, desk, ada, channel } = await setUp();
    ada.say(channel, `${discord.botMention} why?`);
    await discord.until(() => desk.messages.length === 1);
    const live = await desk.messages[0]?.surface.open(
      { text: 'So.', source: 'So.', status: 'complete', note: null, footer: null, buttons: [] },
      new AbortController().signal,
    );
    const thread = discord.threads(channel)[0] ?? { id: '' };
    ada.say(thread, 'And then?', { replyTo: { id: live?.key ?? '' } });
    await discord.until(() => desk.messages.length === 2);
    expect(desk.messages[1]?.parts).toEqual([{ type: 'text', text: 'And then?' }]);
  });

  it('is what was forwarded, whose own message is empty', async () => {
    const { ada, bob, channel, heard } = await setUp();
    const original = bob.say(channel, 'The site is down', { files: [notes] });
    ada.forward(original, ada.dm);
    expect((await heard()).parts).toMatchObject([
      { type: 'text', text: '' },
      { type: 'forwarded', author: null, text: 'The site is down', files: [{ name: 'notes.md' }] },
    ]);
  });
});
