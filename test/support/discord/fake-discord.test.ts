import {
  Client,
  Events,
  GatewayIntentBits,
  type Message,
  MessageFlags,
  Partials,
  REST,
  Routes,
} from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../fake-clock.ts';
import { createFakeDiscord, type FakeDiscord, type FakeDiscordOptions } from './fake-discord.ts';
import { openGuild } from './guild.ts';

async function open(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  const discord = await createFakeDiscord(options);
  onTestFinished(() => discord.close());
  return discord;
}

async function openHome(options: FakeDiscordOptions = {}) {
  const discord = await open(options);
  return { discord, ...openGuild(discord) };
}

const INTENTS = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.DirectMessages,
  GatewayIntentBits.MessageContent,
];

async function connect(
  discord: FakeDiscord,
  intents: readonly GatewayIntentBits[] = INTENTS,
): Promise<Client<true>> {
  const client = new Client({
    intents: [...intents],
    partials: [Partials.Channel, Partials.Message],
    rest: { api: discord.apiUrl },
    // The default throttle waits 5 s before it identifies again.
    ws: { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => undefined }) },
  });
  onTestFinished(() => client.destroy());
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(discord.token);
  await ready;
  return client as Client<true>;
}

function restOf(discord: FakeDiscord): REST {
  return new REST({ api: discord.apiUrl, retries: 0 }).setToken(discord.token);
}

const ASK = {
  name: 'ask',
  description: 'Ask',
  options: [
    { type: 3, name: 'prompt', description: 'Prompt', required: true },
    { type: 3, name: 'model', description: 'Model', autocomplete: true },
  ],
};

async function registered(discord: FakeDiscord, client: Client<true>): Promise<void> {
  await client.rest.put(Routes.applicationCommands(discord.applicationId), { body: [ASK] });
}

describe('the loopback Discord and the real discord.js', () => {
  it('logs in, and shows guilds, channels and members', async () => {
    const discord = await open();
    const guild = discord.guild({ name: 'Home' });
    const channel = guild.channel({ name: 'lobby' });
    const client = await connect(discord);
    expect(client.guilds.cache.get(guild.id)?.name).toBe('Home');
    expect(client.channels.cache.get(channel.id)).toMatchObject({ name: 'lobby' });
    expect(client.user.username).toBe('parley');
    expect(discord.violations).toEqual([]);
  });

  it('delivers messages, and takes answers with allowed mentions', async () => {
    const { discord, channel, ada } = await openHome();
    const client = await connect(discord);
    client.on(Events.MessageCreate, (message: Message) => {
      if (message.author.bot) return;
      void message.reply({
        content: `@everyone ${ada.mention} ${message.content}`,
        allowedMentions: { parse: [] },
      });
    });
    ada.say(channel, 'hello');
    await discord.until(() => discord.messages(channel).length === 2);
    const [question, answer] = discord.messages(channel);
    expect(answer).toMatchObject({
      content: `@everyone ${ada.mention} hello`,
      repliesTo: question?.id,
      pings: [],
    });
  });

  it('pings by default: everybody from a message, users alone from an interaction', async () => {
    const { discord, channel, ada } = await openHome();
    const client = await connect(discord);
    await registered(discord, client);
    const rest = restOf(discord);
    await rest.post(Routes.channelMessages(channel.id), { body: { content: `@everyone ${ada.mention}` } });
    client.once(Events.InteractionCreate, (interaction) => {
      if (interaction.isChatInputCommand()) void interaction.reply(`@everyone ${ada.mention}`);
    });
    const used = ada.slash('ask', { prompt: 'x' }, { channel });
    await used.acknowledged();
    expect(discord.messages(channel).map((message) => message.pings)).toEqual([
      ['everyone', `user:${ada.id}`],
      [`user:${ada.id}`],
    ]);
  });

  it('shows a deferred reply as thinking until it is edited, without an edit mark', async () => {
    const { discord, channel, ada } = await openHome();
    const client = await connect(discord);
    await registered(discord, client);
    const deferred = Promise.withResolvers<() => Promise<unknown>>();
    client.once(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      deferred.resolve(() => interaction.editReply('done'));
    });
    const used = ada.slash('ask', { prompt: 'x' }, { channel });
    const edit = await deferred.promise;
    expect(used.reply).toMatchObject({ thinking: true, onlyVisibleTo: ada.id });
    expect(discord.messages(channel)).toEqual([]);
    await edit();
    expect(used.reply).toMatchObject({ thinking: false, content: 'done' });
    expect(used.reply?.history).toHaveLength(1);
  });

  it('offers autocomplete, and refuses more than 25 choices', async () => {
    const { discord, channel, ada } = await openHome();
    const client = await connect(discord);
    await registered(discord, client);
    client.on(Events.InteractionCreate, async (interaction) => {
      if (!interaction.isAutocomplete()) return;
      const typed = interaction.options.getFocused();
      const count = typed === 'many' ? 26 : 2;
      const choices = Array.from({ length: count }, (_, index) => ({
        name: `m${index}`,
        value: `m${index}`,
      }));
      await interaction.respond(choices).catch(() => interaction.respond(choices.slice(0, 25)));
    });
    expect(await ada.autocomplete('ask', 'model', 'x', { channel })).toHaveLength(2);
    expect(discord.violations).toEqual([]);
    expect(await ada.autocomplete('ask', 'model', 'many', { channel })).toHaveLength(25);
    expect(discord.violations).toHaveLength(1);
  });

  it('delivers presses on buttons', async () => {
    const { discord, channel, ada } = await openHome();
    const client = await connect(discord);
    client.on(Events.InteractionCreate, (interaction) => {
      if (interaction.isButton()) void interaction.update({ content: 'pressed', components: [] });
    });
    await restOf(discord).post(Routes.channelMessages(channel.id), {
      body: {
        content: 'press',
        components: [{ type: 1, components: [{ type: 2, style: 2, label: 'Stop', custom_id: 'stop' }] }],
      },
    });
    const [message] = discord.messages(channel);
    if (!message) throw new Error('no message');
    await ada.click(message, 'Stop').acknowledged();
    expect(discord.message(message)).toMatchObject({ content: 'pressed', buttons: [] });
    expect(() => ada.click(message, 'Stop')).toThrow('no button "Stop"');
  });

  it("strips content where the intent is missing, except in mentions, direct messages and the bot's own", async () => {
    const { discord, channel, ada } = await openHome({ messageContent: false });
    const client = await connect(discord, INTENTS.slice(0, 3));
    const heard: string[] = [];
    client.on(Events.MessageCreate, (message) => heard.push(message.content));
    ada.say(channel, 'secret');
    ada.say(channel, `${discord.botMention} hello`);
    ada.say(ada.dm, 'direct');
    await discord.until(() => heard.length === 3);
    expect(heard).toEqual(['', `${discord.botMention} hello`, 'direct']);
  });
});

describe('its rules', () => {
  async function place(options: FakeDiscordOptions = {}) {
    const home = await openHome(options);
    return { ...home, rest: restOf(home.discord) };
  }

  it('answers an over-long message with 50035 and the fault at its path', async () => {
    const { discord, channel, rest } = await place();
    const refused = rest.post(Routes.channelMessages(channel.id), { body: { content: 'x'.repeat(2001) } });
    await expect(refused).rejects.toMatchObject({
      code: 50035,
      rawError: {
        errors: {
          content: {
            _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer in length.' }],
          },
        },
      },
    });
    expect(discord.violations).toHaveLength(1);
  });

  it.each([
    [
      'a label over 80',
      [{ type: 1, components: [{ type: 2, style: 1, label: 'x'.repeat(81), custom_id: 'a' }] }],
    ],
    [
      'a custom id over 100',
      [{ type: 1, components: [{ type: 2, style: 1, label: 'a', custom_id: 'x'.repeat(101) }] }],
    ],
    [
      'six buttons in a row',
      [
        {
          type: 1,
          components: Array.from({ length: 6 }, (_, i) => ({
            type: 2,
            style: 1,
            label: 'a',
            custom_id: `${i}`,
          })),
        },
      ],
    ],
    [
      'one custom id twice',
      [{ type: 1, components: [1, 2].map(() => ({ type: 2, style: 1, label: 'a', custom_id: 'same' })) }],
    ],
    ['a text display without the v2 flag', [{ type: 10, content: 'text' }]],
  ])('refuses %s', async (_, components) => {
    const { channel, rest } = await place();
    await expect(
      rest.post(Routes.channelMessages(channel.id), { body: { content: 'x', components } }),
    ).rejects.toMatchObject({ code: 50035 });
  });

  it('holds Components V2 to 4,000 characters and 40 components', async () => {
    const { channel, rest } = await place();
    const send = (components: object[]) =>
      rest.post(Routes.channelMessages(channel.id), { body: { flags: 1 << 15, components } });
    await send([{ type: 17, components: [{ type: 10, content: 'x'.repeat(4000) }] }]);
    await expect(
      send([
        { type: 10, content: 'x'.repeat(3000) },
        { type: 10, content: 'x'.repeat(1001) },
      ]),
    ).rejects.toMatchObject({ code: 50035 });
    await expect(send(Array.from({ length: 41 }, () => ({ type: 10, content: 'x' })))).rejects.toMatchObject({
      code: 50035,
    });
  });

  it('limits a channel to 5 sends in 5 s, and says so in headers and body', async () => {
    const clock = createFakeClock();
    const { discord, channel } = await place({ clock });
    const url = `${discord.apiUrl}/v10${Routes.channelMessages(channel.id)}`;
    const send = () =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'x' }),
      });
    for (let left = 4; left >= 0; left--) {
      const response = await send();
      expect(response.headers.get('x-ratelimit-remaining')).toBe(String(left));
    }
    await clock.advance(1500);
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({
      message: 'You are being rate limited.',
      retry_after: 3.5,
      global: false,
    });
    expect(refused.headers.get('retry-after')).toBe('4');
    expect(discord.violations).toEqual([`429 (user): POST ${Routes.channelMessages(channel.id)}`]);
    await clock.advance(3500);
    expect((await send()).status).toBe(200);
  });

  it('limits the bot to 50 requests a second, interaction endpoints exempt', async () => {
    const clock = createFakeClock();
    const { discord, ada, channel } = await place({ clock });
    await restOf(discord).put(Routes.applicationCommands(discord.applicationId), { body: [ASK] });
    const get = () =>
      fetch(`${discord.apiUrl}/v10/users/@me`, { headers: { authorization: `Bot ${discord.token}` } });
    for (let used = 1; used < 50; used++) expect((await get()).status).toBe(200);
    const refused = await get();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-global')).toBe('true');
    const { id, token } = ada.slash('ask', { prompt: 'x' }, { channel });
    const callback = await fetch(`${discord.apiUrl}/v10${Routes.interactionCallback(id, token)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 4, data: { content: 'here' } }),
    });
    expect(callback.status).toBe(204);
  });

  it('invalidates an interaction after 3 s, and its token after 15 min', async () => {
    const clock = createFakeClock();
    const { discord, ada, channel, rest } = await place({ clock });
    await rest.put(Routes.applicationCommands(discord.applicationId), { body: [ASK] });
    const defer = (used: { id: string; token: string }) =>
      rest.post(Routes.interactionCallback(used.id, used.token), { body: { type: 5 }, auth: false });

    const late = ada.slash('ask', { prompt: 'x' }, { channel });
    await clock.advance(3001);
    await expect(defer(late)).rejects.toMatchObject({ code: 10062, status: 404 });
    expect(discord.violations).toEqual(['not acknowledged within 3 s: /ask']);

    const inTime = ada.slash('ask', { prompt: 'x' }, { channel });
    await defer(inTime);
    await expect(defer(inTime)).rejects.toMatchObject({ code: 40060 });
    await clock.advance(15 * 60_000 + 1);
    const edit = rest.patch(Routes.webhookMessage(discord.applicationId, inTime.token), {
      body: { content: 'x' },
      auth: false,
    });
    await expect(edit).rejects.toMatchObject({ code: 50027, status: 401 });
  });

  it('sends a message once per enforced nonce', async () => {
    const { discord, channel, rest } = await place();
    const body = { content: 'once', nonce: 'n1', enforce_nonce: true };
    const first = (await rest.post(Routes.channelMessages(channel.id), { body })) as { id: string };
    const second = (await rest.post(Routes.channelMessages(channel.id), { body })) as { id: string };
    expect(second.id).toBe(first.id);
    expect(discord.messages(channel)).toHaveLength(1);
  });

  it("gives a thread its message's id, once, and refuses edits while it is archived", async () => {
    const { discord, channel, ada, rest } = await place();
    const question = ada.say(channel, 'why?');
    const thread = (await rest.post(Routes.threads(channel.id, question.id), { body: { name: 'why' } })) as {
      id: string;
    };
    expect(thread.id).toBe(question.id);
    await expect(
      rest.post(Routes.threads(channel.id, question.id), { body: { name: 'why' } }),
    ).rejects.toMatchObject({ code: 160004 });
    const sent = (await rest.post(Routes.channelMessages(thread.id), { body: { content: 'a' } })) as {
      id: string;
    };
    const edit = () => rest.patch(Routes.channelMessage(thread.id, sent.id), { body: { content: 'b' } });
    discord.setThread(thread, { archived: true });
    await expect(edit()).rejects.toMatchObject({ code: 50083 });
    await rest.post(Routes.channelMessages(thread.id), { body: { content: 'wakes it' } });
    await edit();
    discord.setThread(thread, { archived: true, locked: true });
    await expect(
      rest.post(Routes.channelMessages(thread.id), { body: { content: 'c' } }),
    ).rejects.toMatchObject({ code: 160005 });
  });

  it('asks for the permission that each act needs', async () => {
    const { discord, guild, ada, rest } = await place();
    const hidden = guild.channel({ denyBot: ['ViewChannel'] });
    const readOnly = guild.channel({ denyBot: ['SendMessages'] });
    const noThreads = guild.channel({ denyBot: ['CreatePublicThreads'] });
    const question = ada.say(noThreads, 'x');
    const send = (id: string, body: object) => rest.post(Routes.channelMessages(id), { body });
    await expect(send(hidden.id, { content: 'x' })).rejects.toMatchObject({ code: 50001 });
    await expect(send(readOnly.id, { content: 'x' })).rejects.toMatchObject({ code: 50013 });
    await expect(
      rest.post(Routes.threads(noThreads.id, question.id), { body: { name: 'x' } }),
    ).rejects.toMatchObject({ code: 50013 });
    discord.refuseDmsTo(ada);
    await expect(send(ada.dm.id, { content: 'x' })).rejects.toMatchObject({ code: 50007 });
    await expect(send('123456789012345678', { content: 'x' })).rejects.toMatchObject({ code: 10003 });
  });

  it('fails as told, before or after the effect', async () => {
    const { discord, channel, rest } = await place();
    const send = (content: string) => rest.post(Routes.channelMessages(channel.id), { body: { content } });
    discord.faults.add('POST', /messages$/, { kind: 'status', status: 502, when: 'before' });
    await expect(send('lost')).rejects.toMatchObject({ status: 502 });
    discord.faults.add('POST', /messages$/, { kind: 'reset', when: 'after' });
    await expect(send('arrived')).rejects.toThrow();
    discord.faults.add('POST', /messages$/, { kind: 'refuse', error: 'missingPermissions' });
    await expect(send('refused')).rejects.toMatchObject({ code: 50013 });
    expect(discord.messages(channel).map((message) => message.content)).toEqual(['arrived']);
    expect(discord.violations).toEqual([]);
  });
});

describe('its gateway', () => {
  it('resumes after a cut, and replays what was missed, once', async () => {
    const { discord, channel, ada } = await openHome();
    const client = await connect(discord);
    const heard: string[] = [];
    client.on(Events.MessageCreate, (message) => heard.push(message.content));
    discord.gateway.drop();
    await discord.until(() => !discord.gateway.connected, 'the socket is cut');
    ada.say(channel, 'meanwhile');
    const resumed = new Promise((resolve) => client.once(Events.ShardResume, resolve));
    await resumed;
    expect(heard).toEqual(['meanwhile']);
    expect(discord.gateway.resumes).toBe(1);
  });

  it('starts a new session after an invalid one', async () => {
    const discord = await open();
    discord.guild();
    const client = await connect(discord);
    const again = new Promise((resolve) => client.once(Events.ShardReady, resolve));
    discord.gateway.invalidate();
    await again;
    expect(discord.gateway.identified).toHaveLength(2);
  });

  it('refuses a wrong token, and an intent that is switched off', async () => {
    const discord = await open({ messageContent: false });
    discord.guild();
    await expect(connect({ ...discord, token: 'wrong' })).rejects.toThrow('invalid token');
    await expect(connect(discord)).rejects.toThrow('disallowed intents');
  });

  it('splits guilds over shards', async () => {
    const discord = await open();
    const even = discord.guild({ id: (2n << 22n).toString().padStart(18, '1') });
    const client = new Client({
      intents: [GatewayIntentBits.Guilds],
      shards: [0, 1],
      shardCount: 2,
      rest: { api: discord.apiUrl },
    });
    onTestFinished(() => client.destroy());
    const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
    await client.login(discord.token);
    await ready;
    expect(discord.gateway.identified.map(({ shard }) => shard)).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(client.guilds.cache.get(even.id)?.shardId).toBe(Number((BigInt(even.id) >> 22n) % 2n));
  });
});
