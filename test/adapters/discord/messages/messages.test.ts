import { afterEach, describe, expect, it } from 'vitest';
import { addresseeOf } from '../../../../src/core/ports/address.ts';
import { PlaceGone } from '../../../../src/core/ports/delivery-errors.ts';
import type { MessageView } from '../../../../src/core/ports/surface.ts';
import { openGuild } from '../../../support/discord/guild.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { createFastClock } from '../../../support/fast-clock.ts';
import { type Bench, type BenchOptions, openBench } from '../harness.ts';

const never = new AbortController().signal;

let bench: Bench | null = null;
afterEach(async () => {
  const violations = bench?.discord.violations ?? [];
  await bench?.close();
  bench = null;
  expect(violations).toEqual([]);
});

async function open(options: BenchOptions = {}) {
  bench = await openBench(options);
  return { ...bench, ...openGuild(bench.discord) };
}

type Ground = Awaited<ReturnType<typeof open>>;

function view(text: string, rest: Partial<MessageView> = {}): MessageView {
  return { text, source: text, status: 'streaming', note: null, footer: null, buttons: [], ...rest };
}

/** The newest message that core got, once there are so many. */
async function heard({ discord, recorded }: Ground, count = 1) {
  await discord.until(() => recorded.messages.length >= count, `core has heard ${count} messages`);
  const last = recorded.messages.at(-1);
  if (last === undefined || recorded.messages.length > count) throw new Error('more was heard');
  return last;
}

/** Whatever was said before has been dealt with when this has. */
async function settle(ground: Ground) {
  const { discord, recorded, ada } = ground;
  const before = recorded.messages.length;
  ada.say(ada.dm, 'a last word');
  await discord.until(() => recorded.messages.some(({ text }) => text === 'a last word'));
  return recorded.messages.length - before - 1;
}

describe('a mention in a channel', () => {
  it('is of a person by the name that the server has for them', async () => {
    const ground = await open();
    const { discord, guild, channel } = ground;
    const cleo = discord.person('Cleo');
    guild.join(cleo, [], 'Captain');
    cleo.say(channel, `${discord.botMention} hello`);
    expect((await heard(ground)).actor.name).toBe('Captain');
  });

  it('opens a thread that is named after the question, and answers there', async () => {
    const ground = await open();
    const { discord, ada, channel, guild } = ground;
    const question = ada.say(
      channel,
      `${discord.botMention} Why is the sky blue?\nAnd why is it not violet?`,
    );
    const { text, place, address, actor, surface } = await heard(ground);
    expect(text).toBe('Why is the sky blue?\nAnd why is it not violet?');
    expect(address.mentionsBot).toBe(true);
    expect(actor).toMatchObject({ guild: `discord:${guild.id}`, user: ada.id, name: 'Ada' });
    expect(place).toEqual({
      guild: `discord:${guild.id}`,
      channel: channel.id,
      channelName: 'general',
      key: question.id,
    });
    expect(discord.threads(channel)).toEqual([]);
    const message = await surface.openMessage(view('Because'), never);
    expect(discord.threads(channel)).toEqual([{ id: question.id, name: 'Why is the sky blue?', type: 11 }]);
    await message.update(view('Because of light.'), never);
    expect(discord.messages({ id: question.id }).map(({ content }) => content)).toEqual([
      'Because of light.',
    ]);
  });

  it('is answered in the channel where admins chose that, and needs no mention where they chose that', async () => {
    const ground = await open();
    const { discord, recorded, ada, channel } = ground;
    ada.say(channel, 'not for the bot');
    expect(await settle(ground)).toBe(0);
    recorded.rules = { hearsAll: true, inThread: false };
    const question = ada.say(channel, 'Why is the sky blue?');
    await discord.until(() => recorded.messages.some(({ text }) => text === 'Why is the sky blue?'));
    const asked = recorded.messages.find(({ text }) => text === 'Why is the sky blue?');
    expect(asked?.place).toMatchObject({ channel: channel.id, key: null });
    expect(asked?.address.mentionsBot).toBe(false);
    await asked?.surface.openMessage(view('Because'), never);
    expect(discord.threads(channel)).toEqual([]);
    expect(discord.messages(channel).at(-1)?.content).toBe('Because');
    expect(discord.messages(channel).some(({ id }) => id === question.id)).toBe(true);
    recorded.rules = { hearsAll: true, inThread: null };
    const second = ada.say(channel, 'And at night?');
    await discord.until(() => recorded.messages.some(({ text }) => text === 'And at night?'));
    expect(recorded.messages.at(-1)?.place.key).toBe(second.id);
  });

  it('waits for no other’s thread', async () => {
    const ground = await open({ clock: createFakeClock() });
    const { discord, ada, channel } = ground;
    for (let count = 1; count <= 5; count++) {
      ada.say(channel, `${discord.botMention} question ${count}?`);
      const { surface } = await heard(ground, count);
      await surface.openMessage(view('Because.'), never);
    }
    expect(discord.threads(channel)).toHaveLength(5);
  });

  it('is heard wherever it stands, by the bot’s name or its role', async () => {
    const ground = await open();
    const { discord, ada, channel, guild } = ground;
    ada.say(channel, `so ${discord.botMention}, what is this?`);
    expect((await heard(ground)).text).toBe(`so @Parley, what is this?`);
    ada.say(channel, `<@&${guild.botRoleId}>: and this?`);
    expect((await heard(ground, 2)).text).toBe('and this?');
  });

  it('shows core names instead of ids: of people, roles, channels and emoji', async () => {
    const ground = await open();
    const { discord, ada, bob, guild } = ground;
    const channel = guild.channel({ name: 'night' });
    const role = guild.role('Night *shift*');
    ada.say(
      channel,
      `${discord.botMention} what do ${bob.mention} and <@&${role}> mean by <#${channel.id}> <a:party:123456789012345678>, <#999999999999999999>?`,
    );
    expect((await heard(ground)).text).toBe(
      `what do @Bob and @Night shift mean by #night :party:, <#999999999999999999>?`,
    );
  });

  it('shows core names instead of ids in what it replies to, too, and none of a private thread', async () => {
    const ground = await open();
    const { discord, ada, bob, guild, channel } = ground;
    const night = guild.channel({ name: 'night' });
    const role = guild.role('Night *shift*');
    const secret = discord.openThread(night, bob, 'Secret plan', 'private');
    const said = bob.say(
      channel,
      `<@&${role}> in <#${night.id}> and <#${secret.id}> <:party:123456789012345678>`,
    );
    ada.say(channel, `${discord.botMention} what of <#${secret.id}>?`, { replyTo: said });
    const { text, parts } = await heard(ground);
    expect(text).toBe(`what of <#${secret.id}>?`);
    expect(parts.find(({ type }) => type === 'quoted')).toMatchObject({
      text: `@Night shift in #night and <#${secret.id}> :party:`,
    });
  });

  it('is answered as a reply where threads are not allowed, which is explained once by the permission’s name', async () => {
    const ground = await open();
    const { discord, ada, guild } = ground;
    const channel = guild.channel({ denyBot: ['CreatePublicThreads'] });
    const question = ada.say(channel, `${discord.botMention} why?`);
    const { surface, place } = await heard(ground);
    expect(place.key).toBeNull();
    await discord.until(() => discord.messages(channel).length === 2);
    await surface.openMessage(view('Because.'), never);
    expect(
      discord
        .messages(channel)
        .slice(1)
        .map(({ content, repliesTo }) => [content, repliesTo]),
    ).toEqual([
      [
        '-# I cannot open a thread because I am missing **Create Public Threads** in this channel. Reply to my answer to continue.',
        null,
      ],
      ['Because.', question.id],
    ]);
    ada.say(channel, `${discord.botMention} and why that?`);
    await heard(ground, 2);
    expect(discord.messages(channel)).toHaveLength(4);
  });

  it.each(['tooManyThreads', 'missingPermissions', 'blockedTitle'] as const)(
    'is answered as a reply where a thread turns out to be impossible: %s',
    async (error) => {
      const ground = await open();
      const { discord, ada, channel } = ground;
      discord.faults.add('POST', /threads$/, { kind: 'refuse', error });
      const question = ada.say(channel, `${discord.botMention} why?`);
      const { surface } = await heard(ground);
      await surface.openMessage(view('Because.'), never);
      expect(discord.messages(channel).at(-1)).toMatchObject({ content: 'Because.', repliesTo: question.id });
    },
  );

  it('is answered as a reply where the channel takes no more threads for now', async () => {
    const clock = createFakeClock();
    const ground = await open({
      clock,
      rateLimits: { 'POST /channels/:id/messages/:id/threads': { limit: 1, windowMs: 300_000 } },
    });
    const { discord, ada, channel } = ground;
    ada.say(channel, `${discord.botMention} one?`);
    await (await heard(ground)).surface.openMessage(view('1'), never);
    const question = ada.say(channel, `${discord.botMention} two?`);
    const opening = (await heard(ground, 2)).surface.openMessage(view('2'), never);
    await clock.advance(3_000);
    await opening;
    expect(discord.messages(channel).at(-1)).toMatchObject({ content: '2', repliesTo: question.id });
  });

  it('is answered as a reply where Discord lets its thread wait for minutes', async () => {
    const ground = await open({ clock: createFakeClock() });
    const { discord, ada, channel } = ground;
    discord.faults.add('POST', /threads$/, { kind: 'rate-limit', retryAfterMs: 219_050, scope: 'shared' });
    const question = ada.say(channel, `${discord.botMention} why?`);
    await (await heard(ground)).surface.openMessage(view('Because.'), never);
    expect(discord.messages(channel).at(-1)).toMatchObject({ content: 'Because.', repliesTo: question.id });
  });

  it('is answered without a reference where the bot may not read what was written before', async () => {
    const ground = await open();
    const { discord, ada, guild } = ground;
    discord.refuseDmsTo(ada);
    const channel = guild.channel({ type: 'voice', denyBot: ['ReadMessageHistory'] });
    ada.say(channel, `${discord.botMention} why?`);
    const { surface } = await heard(ground);
    await surface.openMessage(view('Because.'), never);
    await surface.tellPrivately({ text: 'No more today.' }, never);
    expect(
      discord
        .messages(channel)
        .slice(1)
        .map(({ content, repliesTo }) => [content, repliesTo]),
    ).toEqual([
      ['Because.', null],
      ['No more today.', null],
    ]);
  });

  it('says beforehand where the bot may not write, as it is then', async () => {
    const ground = await open();
    const { discord, ada, guild } = ground;
    const channel = guild.channel({ denyBot: ['SendMessages', 'SendMessagesInThreads'] });
    ada.say(channel, `${discord.botMention} why?`);
    const { surface } = await heard(ground);
    expect(await surface.obstacle?.(never)).toBe(
      `I cannot answer you in <#${channel.id}>: I am missing **Send Messages**. An admin can change that under Permissions in the settings of the channel or server.`,
    );
  });

  it('says why where Discord refuses the answer its place after all', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    ada.say(channel, `${discord.botMention} why?`);
    const { surface } = await heard(ground);
    discord.faults.add('POST', /messages$/, { kind: 'refuse', error: 'missingPermissions' });
    expect(await surface.obstacle?.(never)).toBe(null);
    await expect(surface.openMessage(view('Because.'), never)).rejects.toMatchObject({
      reason: 'forbidden',
      extent: 'channel',
      advice: expect.stringMatching(/^I cannot answer you in .*: Discord does not let me write there\./),
    });
  });

  it('is not answered for ever where Discord does not know the token any more', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    ada.say(channel, `${discord.botMention} why?`);
    const message = await (await heard(ground)).surface.openMessage(view('Because'), never);
    discord.faults.add('PATCH', /messages/, { kind: 'refuse', error: 'unauthorized' });
    await expect(message.update(view('Because.'), never)).rejects.toBeInstanceOf(PlaceGone);
  });

  it('of a voice channel’s chat is answered as a reply, for there are no threads', async () => {
    const ground = await open();
    const { discord, ada, guild } = ground;
    const voice = guild.channel({ type: 'voice' });
    const question = ada.say(voice, `${discord.botMention} why?`);
    await (await heard(ground)).surface.openMessage(view('Because.'), never);
    expect(discord.messages(voice).slice(1)).toMatchObject([{ content: 'Because.', repliesTo: question.id }]);
  });
});

describe('a send that failed', () => {
  it('is not taken for another answer that begins alike', async () => {
    const ground = await open();
    const { discord, ada, bob, guild } = ground;
    const voice = guild.channel({ type: 'voice' });
    const growing = (text: string, answerId: string) => view(text, { buttons: [{ kind: 'stop', answerId }] });
    ada.say(voice, `${discord.botMention} why?`);
    const first = await heard(ground);
    bob.say(voice, `${discord.botMention} how?`);
    const second = await heard(ground, 2);
    await first.surface.openMessage(growing('The', 'a'), never);
    discord.faults.add('POST', /messages$/, { kind: 'status', status: 503, when: 'before' });
    await expect(second.surface.openMessage(growing('The', 'b'), never)).rejects.toThrow();
    await second.surface.openMessage(growing('The other', 'b'), never);
    expect(
      discord
        .messages(voice)
        .slice(2)
        .map(({ content }) => content),
    ).toEqual(['The', 'The other']);
  });
});

describe('what is written in a thread', () => {
  it('needs no mention, and comes with the thread’s conversation', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const thread = discord.openThread(channel, ada, 'Talk');
    ada.say(thread, 'go on');
    const { place, address, surface } = await heard(ground);
    expect(addresseeOf(address)).toBe('place');
    expect(place).toMatchObject({ channel: channel.id, channelName: 'general', key: thread.id });
    await surface.openMessage(view('On I go.'), never);
    expect(discord.messages(thread).at(-1)).toMatchObject({ content: 'On I go.', repliesTo: null });
  });

  it('is not for the bot where it plainly addresses somebody else', async () => {
    const ground = await open();
    const { discord, ada, bob, channel, guild } = ground;
    const thread = discord.openThread(channel, ada, 'Talk');
    const said = ada.say(thread, 'go on');
    await heard(ground);
    bob.say(thread, `${ada.mention} that is wrong`);
    bob.say(thread, `  <@&${guild.id}> look`);
    bob.say(thread, '@everyone lunch?');
    bob.say(thread, '@here lunch?');
    bob.say(thread, 'I think so too', { replyTo: said });
    expect(await settle(ground)).toBe(0);
    bob.say(thread, `${ada.mention} ask ${discord.botMention} that`);
    bob.say(thread, `I mean ${ada.mention}, not me`);
    bob.say(thread, `${discord.botMention} what of that?`, { replyTo: said });
    ada.say(thread, 'what of this?', { replyTo: said });
    await discord.until(
      () => ground.recorded.messages.length === 6,
      'the four that are for the bot are heard',
    );
  });

  it('does not mention the bot where its mention stands in code', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    ada.say(channel, `type \`${discord.botMention} hi\` to ask it`);
    ada.say(channel, `like this:\n\`\`\`\n${discord.botMention} hi\n\`\`\``);
    expect(await settle(ground)).toBe(0);
    ada.say(channel, `what is \`code\`, ${discord.botMention}?`);
    await discord.until(() => ground.recorded.messages.length === 2, 'it is heard');
  });

  it.each(['public', 'private'] as const)('is answered in it when it mentions the bot: %s', async (kind) => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const thread = discord.openThread(channel, ada, 'Talk', kind);
    ada.say(thread, `${discord.botMention} why?`);
    const { surface, address } = await heard(ground);
    expect(addresseeOf(address)).toBe('bot');
    await surface.openMessage(view('Because.'), never);
    expect(discord.messages(thread).at(-1)?.content).toBe('Because.');
  });

  it('may be a forum post', async () => {
    const ground = await open();
    const { discord, ada, guild } = ground;
    const forum = guild.channel({ type: 'forum' });
    const post = ada.post(forum, 'A question', `${discord.botMention} why?`);
    const { place, surface } = await heard(ground);
    expect(place).toMatchObject({ channel: forum.id, key: post.id });
    await surface.openMessage(view('Because.'), never);
    expect(discord.messages(post).at(-1)?.content).toBe('Because.');
  });

  it('says where the thread is locked, before anything is posted and as it is posted', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const thread = discord.openThread(channel, ada, 'Talk');
    discord.setThread(thread, { locked: true });
    ada.say(thread, `${discord.botMention} why?`);
    const { surface } = await heard(ground);
    expect(await surface.obstacle?.(never)).toMatch(/^This thread is locked/);
    await expect(surface.openMessage(view('Because.'), never)).rejects.toMatchObject({
      code: 'place_locked',
      key: thread.id,
    });
    discord.setThread(thread, { locked: false });
    await settle(ground);
    await surface.openMessage(view('Because.'), never);
    expect(await surface.obstacle?.(never)).toBe(null);
  });

  it('is finished where the thread is archived meanwhile, which is archived again after it', async () => {
    const ground = await open({ clock: createFastClock(20) });
    const { discord, ada, channel } = ground;
    const thread = ada.say(channel, `${discord.botMention} go on`);
    const message = await (await heard(ground)).surface.openMessage(view('On'), never);
    discord.setThread(thread, { archived: true });
    await message.update(view('On I'), never);
    expect(discord.isArchived(thread)).toBe(false);
    discord.setThread(thread, { archived: true });
    await message.update(view('On I go.', { status: 'complete' }), never);
    expect(discord.messages(thread).at(-1)?.content).toBe('On I go.');
    expect(discord.isArchived(thread)).toBe(true);
  });

  it('goes on in a next message where the thread is archived meanwhile, which is archived again after it', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const thread = ada.say(channel, `${discord.botMention} go on`);
    const { surface } = await heard(ground);
    const first = await surface.openMessage(view('On'), never);
    await first.update(view('On', { status: 'sealed' }), never);
    discord.setThread(thread, { archived: true });
    await settle(ground);
    const second = await surface.openMessage(view('and on'), never);
    expect(discord.isArchived(thread)).toBe(false);
    await second.update(view('and on.', { status: 'complete' }), never);
    expect(discord.isArchived(thread)).toBe(true);
  });

  it('is finished when the thread opens again that was locked meanwhile', async () => {
    const ground = await open({ clock: createFastClock(20) });
    const { discord, ada, channel } = ground;
    const thread = ada.say(channel, `${discord.botMention} go on`);
    const message = await (await heard(ground)).surface.openMessage(view('On'), never);
    discord.setThread(thread, { archived: true, locked: true });
    await expect(message.update(view('On I go.', { status: 'complete' }), never)).rejects.toMatchObject({
      code: 'place_locked',
      key: thread.id,
    });
    discord.setThread(thread, { archived: true, locked: false });
    await message.update(view('On I go.', { status: 'complete' }), never);
    expect(discord.messages(thread).at(-1)?.content).toBe('On I go.');
    expect(discord.isArchived(thread)).toBe(true);
  });

  it('ends the answer where the thread is gone', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const thread = discord.openThread(channel, ada, 'Talk');
    ada.say(thread, 'go on');
    const message = await (await heard(ground)).surface.openMessage(view('On'), never);
    discord.removeChannel(thread);
    await expect(message.update(view('On I go'), never)).rejects.toMatchObject({ reason: 'deleted' });
  });
});

describe('a reply to one of the bot’s answers', () => {
  it('goes on from it where it stands, without a mention in the text', async () => {
    const ground = await open();
    const { discord, ada, bob, channel } = ground;
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => ground.recorded.commands.length === 1);
    const answer = await ground.recorded.commands[0]?.surface.openMessage(view('Because.'), never);
    const reply = bob.say(channel, 'and why that?', { replyTo: { id: answer?.key ?? '' } });
    const { place, address, surface } = await heard(ground);
    expect(addresseeOf(address)).toBe('bot');
    expect(place.key).toBe(answer?.key);
    expect(surface.canContinueInThread).toBe(true);
    await surface.openMessage(view('For a reason.'), never);
    expect(discord.messages(channel).at(-1)).toMatchObject({ content: 'For a reason.', repliesTo: reply.id });
    expect(discord.threads(channel)).toEqual([]);
  });

  it('to somebody else is none of the bot’s business', async () => {
    const ground = await open();
    const { ada, bob, channel } = ground;
    const said = ada.say(channel, 'hello');
    bob.say(channel, 'hello yourself', { replyTo: said });
    expect(await settle(ground)).toBe(0);
  });
});

describe('direct messages', () => {
  it('are a conversation with a guild of one', async () => {
    const ground = await open();
    const { discord, ada } = ground;
    ada.say(ada.dm, 'why?');
    const { place, actor, address, surface } = await heard(ground);
    expect(place).toEqual({ guild: `discord:dm:${ada.id}`, channel: ada.dm.id, key: ada.dm.id });
    expect(addresseeOf(address)).toBe('bot');
    expect(await actor.managesGuild()).toBe(true);
    expect(await actor.groups()).toEqual([]);
    await surface.openMessage(view('Because.'), never);
    expect(discord.messages(ada.dm).at(-1)).toMatchObject({ content: 'Because.', repliesTo: null });
  });
});

describe('what people did not write', () => {
  it.each(['bot', 'webhook', 'system'] as const)('is ignored: %s', async (kind) => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const thread = discord.openThread(channel, ada, 'Talk');
    discord.noise(channel, `${discord.botMention} hello`, kind);
    discord.noise(thread, 'hello', kind);
    expect(await settle(ground)).toBe(0);
  });

  it('and what is said in a channel without a mention is ignored too', async () => {
    const ground = await open();
    ground.ada.say(ground.channel, 'hello all');
    ground.ada.say(ground.channel, '@everyone hello');
    expect(await settle(ground)).toBe(0);
  });
});

describe('a deleted question', () => {
  it('is reported to core', async () => {
    const ground = await open();
    const { discord, recorded, ada, channel } = ground;
    const question = ada.say(channel, `${discord.botMention} why?`);
    const { id } = await heard(ground);
    ada.remove(question);
    await discord.until(() => recorded.retracted.length === 1);
    expect(recorded.retracted).toEqual([id]);
  });
});

describe('an edited question', () => {
  it('is not asked again', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    const question = ada.say(channel, `${discord.botMention} why?`);
    await heard(ground);
    ada.edit(question, `${discord.botMention} why not?`);
    expect(await settle(ground)).toBe(0);
  });
});

describe('without the message-content intent', () => {
  it('a message in a thread counts when it mentions the bot, and only then', async () => {
    const ground = await open({ messageContent: false });
    const { discord, ada, channel } = ground;
    const thread = discord.openThread(channel, ada, 'Talk');
    ada.say(thread, 'unseen');
    expect(await settle(ground)).toBe(0);
    ada.say(thread, `${discord.botMention} seen`);
    expect((await heard(ground, 2)).text).toBe('seen');
  });
});

describe('a word to the asker', () => {
  it('keeps its text, with a word about it, where its file cannot be uploaded', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    ada.say(channel, `${discord.botMention} why?`);
    const { surface } = await heard(ground);
    discord.faults.add('POST', /messages$/, { kind: 'status', status: 413, when: 'before' });
    const files = [
      { name: 'data.json', mediaType: 'application/json', bytes: Buffer.from('{}'), description: 'Data' },
    ];
    await surface.tellPrivately({ text: 'Here it is.', files }, never);
    const told = discord.messages(ada.dm).at(-1);
    expect(told?.content).toMatch(/Here it is\.\n-# ⚠️ I could not upload the file/);
    expect(told?.files).toEqual([]);
  });

  it('comes as a direct message that names the question', async () => {
    const ground = await open();
    const { discord, ada, bob, channel, guild } = ground;
    const question = ada.say(channel, `${discord.botMention} why?`);
    await (await heard(ground)).surface.tellPrivately({ text: 'No more today.' }, never);
    expect(discord.messages(channel, bob)).toHaveLength(1);
    expect(discord.messages(ada.dm).map(({ content }) => content)).toEqual([
      `-# About https://discord.com/channels/${guild.id}/${channel.id}/${question.id}\nNo more today.`,
    ]);
  });

  it('in direct messages is simply said there', async () => {
    const ground = await open();
    const { discord, ada } = ground;
    ada.say(ada.dm, 'why?');
    await (await heard(ground)).surface.tellPrivately({ text: 'No more today.' }, never);
    expect(discord.messages(ada.dm).at(-1)?.content).toBe('No more today.');
  });

  it.each(['cannotMessageUser', 'noMutualGuilds'] as const)(
    'comes as a reply where direct messages are closed: %s',
    async (error) => {
      const ground = await open();
      const { discord, ada, channel } = ground;
      discord.faults.add('POST', new RegExp(`${ada.dm.id}/messages$`), { kind: 'refuse', error });
      const question = ada.say(channel, `${discord.botMention} why?`);
      await (await heard(ground)).surface.tellPrivately({ text: 'No more today.' }, never);
      expect(discord.messages(channel).at(-1)).toMatchObject({
        content: 'No more today.',
        repliesTo: question.id,
      });
    },
  );
});

describe('while a question waits', () => {
  it('typing shows, once for all that wait in the channel, and ends with the first text', async () => {
    const ground = await open();
    const { discord, ada, bob, channel } = ground;
    ada.say(channel, `${discord.botMention} one`);
    const first = await heard(ground);
    bob.say(channel, `${discord.botMention} two`);
    const second = await heard(ground, 2);
    first.surface.indicate('working');
    second.surface.indicate('working');
    await discord.until(() => discord.typing.length === 1);
    await first.surface.openMessage(view('1'), never);
    await second.surface.openMessage(view('2'), never);
    expect(discord.typing).toHaveLength(1);
  });

  it('an hourglass stands at it until it is its turn', async () => {
    const ground = await open();
    const { discord, ada } = ground;
    const question = ada.say(ada.dm, 'why?');
    const { surface } = await heard(ground);
    surface.indicate('queued');
    await discord.until(() => discord.message(question).reactions.includes('⏳'));
    surface.indicate('working');
    await discord.until(() => discord.message(question).reactions.length === 0);
    surface.indicate('idle');
  });

  it('a refused sign is no harm', async () => {
    const ground = await open();
    const { discord, ada, channel } = ground;
    discord.faults.add('POST', /typing$/, { kind: 'refuse', error: 'missingPermissions' });
    ada.say(channel, `${discord.botMention} why?`);
    const { surface } = await heard(ground);
    surface.indicate('working');
    await discord.until(() =>
      discord.requests.some(({ path, status }) => path.endsWith('/typing') && status === 403),
    );
    await surface.openMessage(view('Because.'), never);
  });
});
