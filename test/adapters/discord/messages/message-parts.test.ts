import { SnowflakeUtil } from 'discord.js';
import { afterEach, describe, expect, it } from 'vitest';
import { apiMessage, quotedPart } from '../../../../src/adapters/discord/messages/message-parts.ts';
import { type Clock, systemClock } from '../../../../src/core/kit/time/clock.ts';
import { type Address, addresseeOf } from '../../../../src/core/ports/address.ts';
import { openGuild } from '../../../support/discord/guild.ts';
import { type Bench, openBench } from '../harness.ts';

let bench: Bench | null = null;
afterEach(async () => {
  const violations = bench?.discord.violations ?? [];
  await bench?.close();
  bench = null;
  expect(violations).toEqual([]);
});

async function setUp(clock: Clock = systemClock) {
  bench = await openBench({ clock });
  const { discord, recorded } = bench;
  const ground = openGuild(discord);
  const bob = discord.person('Bob');
  ground.guild.join(bob);
  async function heard() {
    const isMeant = ({ address }: { readonly address: Address }) => addresseeOf(address) === 'bot';
    await discord.until(() => recorded.messages.some(isMeant), 'core has heard a message');
    const message = recorded.messages.find(isMeant);
    if (message === undefined) throw new Error('nothing was heard');
    return message;
  }
  return { discord, recorded, adapter: bench.adapter, ...ground, bob, heard };
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
    const { discord, recorded, ada, channel } = await setUp();
    ada.say(channel, `${discord.botMention} why?`);
    await discord.until(() => recorded.messages.length === 1);
    const live = await recorded.messages[0]?.surface.openMessage(
      { text: 'So.', source: 'So.', status: 'complete', note: null, footer: null, buttons: [] },
      new AbortController().signal,
    );
    const thread = discord.threads(channel)[0] ?? { id: '' };
    ada.say(thread, 'And then?', { replyTo: { id: live?.key ?? '' } });
    await discord.until(() => recorded.messages.length === 2);
    expect(recorded.messages[1]?.parts).toEqual([{ type: 'text', text: 'And then?' }]);
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

const never = new AbortController().signal;

describe('a thread that the bot is called into', () => {
  it('is read from its starter to the newest message, with authors', async () => {
    const { discord, ada, bob, channel, heard } = await setUp();
    const starter = bob.say(channel, 'The site is down', { files: [notes] });
    const thread = discord.openThreadFrom(starter, bob, 'Outage');
    bob.say(thread, 'Since ten');
    ada.say(thread, 'I see it too');
    ada.say(thread, `${discord.botMention} why?`);
    const { readThread } = await heard();
    const { messages, problem } = (await readThread?.(null, never)) ?? { messages: [], problem: null };
    expect(problem).toBeNull();
    expect(messages.map(({ why, author, text }) => [why, author?.name, text])).toEqual([
      ['thread', 'Bob', 'The site is down'],
      ['thread', 'Bob', 'Since ten'],
      ['thread', 'Ada', 'I see it too'],
    ]);
    expect(messages[0]?.files).toMatchObject([{ name: 'notes.md' }]);
    const since = await readThread?.(SnowflakeUtil.timestampFrom(starter.id) - 1, never);
    expect(since?.messages.map(({ text }) => text)).toEqual(['Since ten', 'I see it too']);
  });

  it('is read from its last reading on without the bot’s own answers, which the conversation has', async () => {
    const { discord, recorded, ada, bob, channel } = await setUp();
    const thread = discord.openThread(channel, bob, 'Outage');
    const first = ada.say(thread, `${discord.botMention} why?`);
    await discord.until(() => recorded.messages.length === 1);
    await recorded.messages[0]?.surface.openMessage(
      { text: 'So.', source: 'So.', status: 'complete', note: null, footer: null, buttons: [] },
      never,
    );
    bob.say(thread, 'I doubt it');
    ada.say(thread, `${discord.botMention} and?`);
    await discord.until(() => recorded.messages.length === 3);
    const textsSince = async (sinceMs: number | null) => {
      const read = await recorded.messages[2]?.readThread?.(sinceMs, never);
      return read?.messages.map(({ text }) => text);
    };
    expect(await textsSince(SnowflakeUtil.timestampFrom(first.id))).toEqual(['I doubt it']);
    expect(await textsSince(null)).toEqual(['@Parley why?', 'So.', 'I doubt it']);
  });

  it('is a forum post, whose first message stands in the thread', async () => {
    const { discord, ada, bob, guild, heard } = await setUp();
    const post = bob.post(guild.channel({ type: 'forum' }), 'Help', 'It does not start');
    for (let count = 1; count <= 120; count++) bob.say({ id: post.channelId }, `try ${count}`);
    ada.say({ id: post.channelId }, `${discord.botMention} why?`);
    const read = await (await heard()).readThread?.(null, never);
    const texts = read?.messages.map(({ text }) => text) ?? [];
    expect([texts.length, texts[0], texts[1], texts.at(-1)]).toEqual([
      101,
      'It does not start',
      'try 21',
      'try 120',
    ]);
  });

  it('says what the bot may not read, and the remedy', async () => {
    const { discord, ada, bob, channel, heard } = await setUp();
    const thread = discord.openThread(channel, bob, 'Outage');
    discord.deny(channel, ['ReadMessageHistory']);
    ada.say(thread, `${discord.botMention} why?`);
    expect(await (await heard()).readThread?.(null, never)).toEqual({
      messages: [],
      problem: expect.stringContaining('**Read Message History**'),
    });
  });
});

describe('a file on Discord', () => {
  async function fileOf(setting: Awaited<ReturnType<typeof setUp>>, file = notes) {
    const { discord, ada, channel, heard } = setting;
    ada.say(channel, `${discord.botMention} what is this?`, { files: [file] });
    const part = (await heard()).parts[1];
    if (part?.type !== 'file') throw new Error('there is no file');
    return part;
  }

  it('is fetched, also when its address has expired', async () => {
    const setting = await setUp();
    const { reference } = await fileOf(setting);
    const read = async () =>
      Buffer.from((await setting.adapter.readFile?.(reference, 1_000, never)) ?? []).toString();
    expect(await read()).toBe('# Notes');
    setting.discord.expireFiles();
    expect(await read()).toBe('# Notes');
  });

  it('is refused if it is larger than it may be, is gone, or is kept elsewhere', async () => {
    const setting = await setUp();
    const { discord, adapter, channel } = setting;
    const { reference } = await fileOf(setting);
    await expect(adapter.readFile?.(reference, 3, never)).rejects.toThrow(/larger than/);
    const elsewhere = JSON.stringify({ ...JSON.parse(reference), url: 'http://169.254.169.254/meta' });
    await expect(adapter.readFile?.(elsewhere, 1_000, never)).rejects.toThrow(/stored elsewhere/);
    discord.loseFiles();
    const gone = expect.objectContaining({
      code: 'file_unavailable',
      message: expect.stringMatching(/no longer on Discord/),
    });
    await expect(adapter.readFile?.(reference, 1_000, never)).rejects.toEqual(gone);
    discord.expireFiles();
    await expect(adapter.readFile?.(reference, 1_000, never)).rejects.toEqual(gone);
    discord.removeMessage(discord.messages(channel)[0] ?? { id: '' });
    await expect(adapter.readFile?.(reference, 1_000, never)).rejects.toEqual(gone);
  });
});

describe('a message with Ask about this in its menu', () => {
  it('comes whole with the question that a form asks for', async () => {
    const { discord, recorded, ada, bob, channel } = await setUp();
    const message = bob.say(channel, 'The build is red', { files: [notes] });
    const opened = ada.menu('Ask about this', message, { channel });
    await discord.until(() => opened.modal !== null, 'the form is open');
    const sent = ada.submit(opened, { prompt: 'Why?' });
    await discord.until(() => recorded.commands.length === 1, 'core has the command');
    expect(recorded.commands[0]).toMatchObject({
      command: 'ask',
      options: { prompt: 'Why?' },
      brought: [
        { type: 'quoted', why: 'pointed', author: { name: 'Bob' }, text: 'The build is red', files: [{}] },
      ],
    });
    await sent.acknowledged();
  });

  it('is read again if the form was open for longer than a quarter of an hour', async () => {
    let laterMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
    const { discord, recorded, ada, bob, channel } = await setUp(clock);
    const message = bob.say(channel, 'The build is red');
    const opened = ada.menu('Ask about this', message, { channel });
    await discord.until(() => opened.modal !== null, 'the form is open');
    bob.edit(message, 'The build is green');
    laterMs = 16 * 60_000;
    const sent = ada.submit(opened, { prompt: 'Why?' });
    await discord.until(() => recorded.commands.length === 1, 'core has the command');
    expect(recorded.commands[0]).toMatchObject({ brought: [{ type: 'quoted', text: 'The build is green' }] });
    await sent.acknowledged();
  });
});

describe('/ask with files', () => {
  it('brings them as options', async () => {
    const { discord, recorded, ada, channel } = await setUp();
    ada.slash('ask', { prompt: 'What is this?', file: notes, file2: photo }, { channel });
    await discord.until(() => recorded.commands.length === 1, 'core has the command');
    expect(recorded.commands[0]?.options).toMatchObject({
      prompt: 'What is this?',
      file: { type: 'file', name: 'notes.md', mediaType: 'text/markdown' },
      file2: { type: 'image', name: 'cat.png' },
    });
  });
});

describe('a message of another bot', () => {
  const message = (more: object) =>
    apiMessage.parse({ id: '1', channel_id: '2', author: { id: '3', username: 'feed' }, ...more });
  const said = (more: object) => quotedPart(message(more), 'reply', () => '').text;

  it('says what stands in its embeds, line by line', () => {
    const embed = {
      author: { name: 'Who' },
      title: 'What',
      url: 'https://example.com',
      description: 'How',
      fields: [
        { name: 'Where', value: 'here' },
        { name: 'When', value: 'now' },
      ],
      footer: { text: 'Why' },
    };
    expect(said({ content: 'News', embeds: [embed, {}, { title: 'More' }] })).toBe(
      'News\n\nWho\nWhat\nhttps://example.com\nHow\nWhere: here\nWhen: now\nWhy\n\nMore',
    );
    expect(said({ embeds: [{ description: 'Alone', fields: null }] })).toBe('Alone');
  });

  it('says what is forwarded with it, below its own words, and has the files of both', () => {
    const file = { id: '5', filename: 'a.txt', size: 1, url: 'https://example.com/a.txt' };
    const forwarded = {
      content: 'Forwarded by <@9>',
      attachments: [{ ...file, id: '6', filename: 'b.txt' }],
    };
    const part = quotedPart(
      message({ content: 'Look', attachments: [file], message_snapshots: [{ message: forwarded }] }),
      'reply',
      (_, id) => (id === '9' ? 'Ann' : ''),
    );
    expect(part.text).toBe('Look\n\nForwarded by @Ann');
    expect(part.files.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['a.txt', 'application/octet-stream'],
      ['b.txt', 'application/octet-stream'],
    ]);
    expect(part.author).toEqual({ user: '3', name: 'feed' });
  });
});
