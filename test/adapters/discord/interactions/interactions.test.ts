import { afterEach, describe, expect, it } from 'vitest';
import { PlaceGone } from '../../../../src/core/ports/delivery-errors.ts';
import type { MessageView } from '../../../../src/core/ports/surface.ts';
import { openGuild } from '../../../support/discord/guild.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { type Bench, type BenchOptions, openBench } from '../harness.ts';

const never = new AbortController().signal;
const MINUTE_MS = 60_000;
const NO_FURTHER =
  'Discord does not let me write more here, because I am not a member of this server. In direct messages I can answer at any length.';

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

function view(text: string, rest: Partial<MessageView> = {}): MessageView {
  return { text, source: text, status: 'streaming', note: null, footer: null, buttons: [], ...rest };
}

function only<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined || list.length > 1) throw new Error(`${list.length} where one is expected`);
  return one;
}

describe('a slash command', () => {
  it('is in the store before it is acknowledged', async () => {
    const { recorded, ada, channel } = await open();
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    recorded.claiming = async () => {
      reached.resolve();
      await held.promise;
      return true;
    };
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    await reached.promise;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(used.acknowledgedAfterMs).toBeNull();
    held.resolve();
    await used.acknowledged();
    recorded.release();
  });

  it('is answered with a word if the store does not take it', async () => {
    const { recorded, ada, channel } = await open();
    recorded.claiming = () => Promise.reject(new Error('the store is down'));
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    await used.acknowledged();
    expect(used.reply?.content).toContain('cannot reach its database');
    expect(recorded.commands).toEqual([]);
  });

  it('is answered with a word if the store takes longer than Discord waits', async () => {
    const { discord, recorded, ada, channel } = await open();
    const held = Promise.withResolvers<boolean>();
    let isDropped = false;
    recorded.claiming = () => held.promise;
    const { dropClaim } = recorded;
    recorded.dropClaim = async (id) => {
      isDropped = recorded.openClaims.has(id);
      await dropClaim(id);
    };
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    await used.acknowledged();
    expect(used.reply?.content).toContain('too busy right now, or its database does not answer');
    // The bot has long sent its word when this later command is dealt with.
    recorded.claiming = async () => true;
    ada.slash('ask', { prompt: 'why not?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    expect(isDropped).toBe(false);
    held.resolve(true);
    await discord.until(() => isDropped, 'the claim that came late is dropped');
    expect(only(recorded.commands).options).toEqual({ prompt: 'why not?' });
  });

  it('is acknowledged before anything else is done', async () => {
    const { discord, recorded, ada, channel } = await open();
    let acknowledgedFirst = false;
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    recorded.handle = async () => {
      acknowledgedFirst = used.acknowledgedAfterMs !== null;
    };
    await discord.until(() => recorded.commands.length === 1);
    expect(acknowledgedFirst).toBe(true);
  });

  it('brings options, person and place as Discord gave them', async () => {
    const { discord, recorded, ada, channel, guild } = await open();
    ada.slash('ask', { prompt: 'why?', private: true }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const invocation = only(recorded.commands);
    expect(invocation).toMatchObject({
      command: 'ask',
      options: { prompt: 'why?', private: true },
      actor: { guild: `discord:${guild.id}`, user: ada.id, name: 'Ada' },
      place: { guild: `discord:${guild.id}`, channel: channel.id, key: null },
      surface: { isPrivate: true, canContinueInThread: true },
    });
    expect(await invocation.actor.managesGuild()).toBe(false);
  });

  it('knows who may manage the server from the interaction', async () => {
    const { discord, recorded, guild, channel } = await open();
    const admin = discord.person('Admin');
    guild.join(admin, ['ManageGuild']);
    admin.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    expect(await only(recorded.commands).actor.managesGuild()).toBe(true);
  });

  it('knows the member’s roles from the interaction, and none where the app is the user’s own', async () => {
    const { discord, recorded, ada, guild, channel } = await open();
    const role = guild.role('Interns');
    guild.give(ada, role);
    ada.slash('ask', { prompt: 'why?' }, { channel });
    ada.slash('ask', { prompt: 'why?' }, { channel, userInstalled: true });
    await discord.until(() => recorded.commands.length === 2);
    const groups = await Promise.all(recorded.commands.map(({ actor }) => actor.groups()));
    expect(groups.map((ids) => ids?.includes(role))).toEqual([true, false]);
    expect(groups[1]).toEqual([]);
  });

  it('answers in the interaction’s own reply, which grows', async () => {
    const { discord, recorded, ada, channel } = await open();
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    expect(used.reply).toMatchObject({ thinking: true });
    const { surface } = only(recorded.commands);
    const message = await surface.openMessage(view('Because'), never);
    await message.update(
      view('Because of light.', {
        status: 'complete',
        footer: 'GPT-4o mini · 3.2 s · 512 tokens · $0.0012',
        buttons: [{ kind: 'retry', answerId: 'a1' }],
      }),
      never,
    );
    expect(used.reply).toMatchObject({
      thinking: false,
      content: 'Because of light.\n\n-# GPT-4o mini · 3.2 s · 512 tokens · $0.0012',
      buttons: [{ label: 'Retry…', customId: 'retry:a1', disabled: false }],
    });
    expect(used.replies).toHaveLength(1);
    expect(message.key).toBe(used.reply?.id);
    // Neither the channel's limits nor the global one were drawn on.
    expect(discord.requests.filter(({ path }) => path.startsWith('/channels/'))).toEqual([]);
  });

  it('shows a private answer to the asker alone, and says when it has to end', async () => {
    const clock = createFakeClock();
    const { discord, recorded, ada, bob, channel } = await open({ clock });
    ada.slash('ask', { prompt: 'why?', private: true }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    await surface.openMessage(view('A secret'), never);
    await surface.openMessage(view('and more'), never);
    expect(discord.messages(channel, bob)).toEqual([]);
    expect(discord.messages(channel, ada).map(({ content }) => content)).toEqual(['A secret', 'and more']);
    expect(surface.closesAtMs).toBe(clock.now() + 14 * MINUTE_MS);
  });

  it('goes on through the channel once the token is dead', async () => {
    const clock = createFakeClock();
    const { discord, recorded, ada, channel } = await open({ clock });
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    expect(surface.closesAtMs).toBeUndefined();
    const message = await surface.openMessage(view('One'), never);
    const before = message.scope.key;
    await clock.advance(16 * MINUTE_MS);
    expect(message.scope.key).not.toBe(before);
    await message.update(view('One two', { status: 'sealed' }), never);
    await surface.openMessage(view('three'), never);
    expect(discord.messages(channel).map(({ content }) => content)).toEqual(['One two', 'three']);
    expect(used.reply?.content).toBe('One two');
  });

  it.each([14, 16])(
    'goes on through the channel where its turn comes after %d minutes alone',
    async (minutes) => {
      const clock = createFakeClock();
      const { discord, recorded, ada, channel } = await open({ clock });
      ada.slash('ask', { prompt: 'why?' }, { channel });
      await discord.until(() => recorded.commands.length === 1);
      await clock.advance(minutes * MINUTE_MS);
      await only(recorded.commands).surface.openMessage(view('At last'), never);
      const shown = discord.messages(channel).filter(({ thinking }) => !thinking);
      expect(shown.map(({ content }) => content)).toEqual(['At last']);
      // Discord itself ends a "thinking" whose token is dead.
      expect(discord.messages(channel)).toHaveLength(minutes < 15 ? 1 : 2);
    },
  );

  it('goes on through the channel where its token dies before its time', async () => {
    const { discord, recorded, ada, channel } = await open();
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    const message = await surface.openMessage(view('One'), never);
    discord.faults.add('PATCH', /^\/webhooks/, { kind: 'refuse', error: 'invalidWebhookToken' });
    await message.update(view('One two', { status: 'sealed' }), never);
    await surface.openMessage(view('three'), never);
    expect(discord.messages(channel).map(({ content }) => content)).toEqual(['One two', 'three']);
    expect(discord.requests.filter(({ path }) => path.startsWith('/channels/'))).toHaveLength(2);
  });

  it('shows the newest text where the answer to a send through the channel was lost', async () => {
    const clock = createFakeClock();
    const { discord, recorded, ada, channel } = await open({ clock });
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    await surface.openMessage(view('One'), never);
    await clock.advance(16 * MINUTE_MS);
    discord.faults.add('POST', /^\/channels/, { kind: 'reset', when: 'after' });
    await expect(surface.openMessage(view('two'), never)).rejects.toThrow();
    await surface.openMessage(view('two three', { status: 'complete' }), never);
    expect(discord.messages(channel).map(({ content }) => content)).toEqual(['One', 'two three']);
  });

  it('ends before its token where the bot cannot see the channel', async () => {
    const { discord, recorded, ada, guild } = await open();
    const hidden = guild.channel({ denyBot: ['ViewChannel'] });
    ada.slash('ask', { prompt: 'why?' }, { channel: hidden });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    expect(surface.closesAtMs).toBeDefined();
    await surface.openMessage(view('still answered'), never);
    expect(discord.messages(hidden)[0]?.content).toBe('still answered');
  });

  it('ends before its token in a private thread that the bot is not in', async () => {
    const { discord, recorded, ada, channel } = await open();
    const thread = discord.openThread(channel, ada, 'Ours', 'private', { withBot: false });
    ada.slash('ask', { prompt: 'why?' }, { channel: thread });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    expect(surface.closesAtMs).toBeDefined();
    await surface.openMessage(view('still answered'), never);
    expect(discord.messages(thread)[0]?.content).toBe('still answered');
  });

  it('tells a refusal to the asker alone, and takes the public "thinking" away', async () => {
    const { discord, recorded, ada, bob, channel } = await open();
    recorded.handle = async ({ surface }) => surface.tellPrivately({ text: 'No more today.' }, never);
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => discord.messages(channel, ada).some(({ content }) => content !== ''));
    expect(discord.messages(channel, bob)).toEqual([]);
    expect(only(discord.messages(channel, ada))).toMatchObject({
      content: 'No more today.',
      onlyVisibleTo: ada.id,
    });
  });

  it('answers after a tellPrivately, in a message of its own', async () => {
    const { discord, recorded, ada, bob, channel } = await open();
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    await surface.tellPrivately({ text: 'By the way.' }, never);
    await surface.openMessage(view('An answer'), never);
    expect(discord.messages(channel, bob).map(({ content }) => content)).toEqual(['An answer']);
  });

  it('leaves no "thinking" behind where nothing came of it', async () => {
    const { discord, recorded, ada, channel } = await open();
    recorded.handle = async () => {};
    const used = ada.slash('help', {}, { channel });
    await discord.until(() => recorded.commands.length === 1 && used.reply === null, 'the reply is gone');
    expect(discord.messages(channel, ada)).toEqual([]);
  });

  it('shows files with their description', async () => {
    const { discord, recorded, ada, channel } = await open();
    ada.slash('help', {}, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const bytes = new TextEncoder().encode('picture');
    await only(recorded.commands).surface.tellPrivately(
      {
        text: 'Usage',
        files: [{ name: 'usage.png', mediaType: 'image/png', bytes, description: 'A chart' }],
      },
      never,
    );
    expect(only(discord.messages(channel, ada)).files).toEqual([
      { name: 'usage.png', description: 'A chart', bytes },
    ]);
  });

  it('is tried again when the acknowledgement is lost, and dealt with once', async () => {
    const { discord, recorded, ada, channel } = await open();
    discord.faults.add('POST', /callback$/, { kind: 'status', status: 502, when: 'before' });
    const used = ada.slash('ask', { prompt: 'why?' }, { channel });
    await used.acknowledged();
    await discord.until(() => recorded.commands.length === 1);
    expect(recorded.commands).toHaveLength(1);
  });

  it('is dealt with when only the answer to the acknowledgement is lost', async () => {
    const { discord, recorded, ada, channel } = await open();
    discord.faults.add('POST', /callback$/, { kind: 'status', status: 502, when: 'after' });
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    expect(discord.violations).toEqual([expect.stringMatching(/^acknowledged twice/)]);
    await bench?.close();
    bench = null;
  });

  it('is acknowledged when a rate limit lets it, and not asked for before', async () => {
    const clock = createFakeClock();
    const { discord, recorded, ada, channel } = await open({ clock });
    discord.faults.add('POST', /callback$/, { kind: 'rate-limit', retryAfterMs: 1_000, scope: 'user' });
    ada.slash('ask', { prompt: 'why?' }, { channel });
    const tries = () => discord.requests.filter(({ path }) => path.endsWith('/callback'));
    await discord.until(() => tries()[0]?.status === 429);
    while (tries().length === 1) await clock.advance(50);
    await discord.until(() => recorded.commands.length === 1);
    const [refused, taken] = tries().map(({ atMs }) => atMs);
    expect((taken ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  it('in a guild where the user alone brought the app counts as the user’s own', async () => {
    const { discord, recorded, ada } = await open({
      rateLimits: { '* /webhooks/:id/:token': { limit: 20, windowMs: 2_000 } },
    });
    const elsewhere = discord.guild({ withBot: false });
    elsewhere.join(ada, ['ManageGuild']);
    const foreign = elsewhere.channel();
    ada.slash('ask', { prompt: 'why?' }, { channel: foreign, userInstalled: true });
    await discord.until(() => recorded.commands.length === 1);
    const { actor, place, surface } = only(recorded.commands);
    expect(actor.guild).toBe(`discord:dm:${ada.id}`);
    expect(place).toEqual({ guild: `discord:dm:${ada.id}`, channel: foreign.id, key: null });
    expect(surface.canContinueInThread).toBe(false);
    expect(surface.closesAtMs).toBeDefined();
    // A private word is a follow-up too.
    await surface.tellPrivately({ text: 'By the way.' }, never);
    for (let part = 1; part <= 4; part++)
      await surface.openMessage(view(String(part), { status: 'sealed' }), never);
    await expect(surface.openMessage(view('5'), never)).rejects.toBeInstanceOf(PlaceGone);
    expect(discord.messages(foreign).map(({ content }) => content)).toEqual([
      '1',
      '2',
      '3',
      `4\n\n⚠️ ${NO_FURTHER}`,
    ]);
  });

  it('in direct messages with an app that the user brought is answered at any length', async () => {
    const { discord, recorded, ada } = await open({
      rateLimits: { '* /webhooks/:id/:token': { limit: 20, windowMs: 2_000 } },
    });
    ada.slash('ask', { prompt: 'why?' }, { channel: ada.dm, userInstalled: true });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    for (let part = 1; part <= 8; part++)
      await surface.openMessage(view(String(part), { status: 'sealed' }), never);
    expect(discord.messages(ada.dm).map(({ content }) => content)).toEqual([...'12345678']);
  });

  it('in direct messages belongs to a guild of one, which the user manages', async () => {
    const { discord, recorded, ada } = await open();
    ada.slash('ask', { prompt: 'why?' }, { channel: ada.dm });
    await discord.until(() => recorded.commands.length === 1);
    const { actor, place } = only(recorded.commands);
    expect(place).toEqual({ guild: `discord:dm:${ada.id}`, channel: ada.dm.id, key: ada.dm.id });
    expect(await actor.managesGuild()).toBe(true);
  });

  it('in a thread belongs to the thread’s conversation and its channel’s settings', async () => {
    const { discord, recorded, ada, channel, guild } = await open();
    const thread = discord.openThread(channel, ada, 'Talk');
    ada.slash('ask', { prompt: 'why?' }, { channel: thread });
    await discord.until(() => recorded.commands.length === 1);
    expect(only(recorded.commands)).toMatchObject({
      place: { guild: `discord:${guild.id}`, channel: channel.id, key: thread.id },
      surface: { canContinueInThread: false },
    });
  });
});

describe('an interaction that comes too late', () => {
  it('is not dealt with: nothing could be shown', async () => {
    const clock = createFakeClock();
    bench = await openBench({ clock });
    const { discord, recorded } = bench;
    const { ada, channel } = openGuild(discord);
    discord.gateway.hold();
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await clock.advance(3_001);
    discord.gateway.release();
    await discord.until(() =>
      discord.requests.some(({ path, status }) => path.endsWith('/callback') && status === 404),
    );
    await clock.advance(3_000);
    await bench.close();
    bench = null;
    expect(recorded.commands).toEqual([]);
    expect(discord.requests.filter(({ path }) => path.endsWith('/callback'))).toHaveLength(1);
    expect(discord.violations).toEqual(['not acknowledged within 3 s: /ask']);
  });
});

describe('autocomplete', () => {
  it('asks core for what was typed, and offers what it suggests', async () => {
    const { recorded, ada, channel, guild } = await open();
    recorded.suggestions = [
      { label: 'GPT-4o mini', value: 'openai/gpt-4o-mini' },
      { label: `🔒 ${'x'.repeat(120)}`, value: 'long' },
    ];
    const choices = await ada.autocomplete('ask', 'model', 'gpt', { channel });
    expect(choices).toEqual([
      { name: 'GPT-4o mini', value: 'openai/gpt-4o-mini' },
      { name: `🔒 ${'x'.repeat(96)}…`, value: 'long' },
    ]);
    expect(only(recorded.suggestRequests)).toMatchObject({
      command: 'ask',
      option: 'model',
      text: 'gpt',
      place: { guild: `discord:${guild.id}` },
    });
  });
});

describe('a button', () => {
  async function answered(options: BenchOptions = {}) {
    const ground = await open(options);
    const { discord, recorded, ada, channel } = ground;
    ada.slash('ask', { prompt: 'why?' }, { channel });
    await discord.until(() => recorded.commands.length === 1);
    const { surface } = only(recorded.commands);
    const live = await surface.openMessage(
      view('An answer', {
        status: 'complete',
        buttons: [
          { kind: 'more', answerId: 'a-1' },
          { kind: 'continue', answerId: 'a-1' },
        ],
      }),
      never,
    );
    return { ...ground, surface, live, answer: discord.message({ id: live.key, channelId: channel.id }) };
  }

  it('brings its kind and what it names, with the person as Discord says', async () => {
    const { discord, recorded, bob, guild, channel, answer } = await answered();
    await bob.click(answer, 'Go on').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    expect(only(recorded.presses)).toMatchObject({
      button: 'more',
      answerId: 'a-1',
      actor: { user: bob.id, guild: `discord:${guild.id}` },
      place: { channel: channel.id, key: answer.id },
      surface: { isPrivate: false },
    });
  });

  it('changes nothing by itself; its answer is a new message, a refusal is private', async () => {
    const { discord, recorded, ada, bob, channel, answer } = await answered();
    await bob.click(answer, 'Go on').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    expect(discord.message(answer)).toEqual(answer);
    const { surface } = only(recorded.presses);
    await surface.tellPrivately({ text: 'Only Ada or an admin can go on with this answer.' }, never);
    expect(discord.messages(channel, ada)).toHaveLength(1);
    expect(discord.messages(channel, bob).at(-1)?.content).toBe(
      'Only Ada or an admin can go on with this answer.',
    );
    await surface.openMessage(view('Another answer'), never);
    expect(discord.messages(channel, ada).map(({ content }) => content)).toEqual([
      'An answer',
      'Another answer',
    ]);
  });

  it('can be taken off its message', async () => {
    const { discord, recorded, ada, answer } = await answered();
    await ada.click(answer, 'Go on').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    await only(recorded.presses).retire(never);
    expect(discord.message(answer)).toMatchObject({ content: 'An answer', buttons: [] });
  });

  it('is left on a message that Discord lets nobody edit any more', async () => {
    const { discord, recorded, ada, answer } = await answered();
    await ada.click(answer, 'Go on').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    discord.faults.add('PATCH', /messages/, { kind: 'refuse', error: 'tooManyOldEdits' });
    await expect(only(recorded.presses).retire(never)).rejects.toMatchObject({ code: 30046 });
  });

  it('opens a thread at the answer and says how to go on there', async () => {
    const { discord, recorded, ada, channel, answer } = await answered();
    await ada.click(answer, 'In a thread').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    discord.faults.add('POST', /messages$/, { kind: 'status', status: 502, when: 'after' });
    const key = await only(recorded.presses).openThread('why?', never);
    expect(discord.threads(channel)).toEqual([{ id: key, name: 'why?', type: 11 }]);
    expect(discord.messages({ id: key ?? '' }).map(({ content }) => content)).toEqual([
      'Write here to continue. You do not need to mention me.',
    ]);
    expect(await only(recorded.presses).openThread('why?', never)).toBe(key);
    expect(discord.messages({ id: key ?? '' })).toHaveLength(1);
  });

  it('opens no thread where the bot may not', async () => {
    const { discord, recorded, ada, channel, answer } = await answered();
    discord.deny(channel, ['CreatePublicThreads']);
    await ada.click(answer, 'In a thread').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    const requests = discord.requests.length;
    expect(await only(recorded.presses).openThread('why?', never)).toBeNull();
    expect(discord.requests).toHaveLength(requests);
  });

  it('works where the user alone brought the app, and is the presser’s own wherever the other is', async () => {
    const { discord, recorded, ada, bob } = await open();
    const elsewhere = discord.guild({ withBot: false });
    const foreign = elsewhere.channel();
    for (const person of [ada, bob]) elsewhere.join(person);
    ada.slash('ask', { prompt: 'why?' }, { channel: foreign, userInstalled: true });
    await discord.until(() => recorded.commands.length === 1);
    const buttons = [{ kind: 'more', answerId: 'a-1' }] as const;
    const live = await only(recorded.commands).surface.openMessage(
      view('1', { status: 'complete', buttons }),
      never,
    );
    const answer = discord.message({ id: live.key, channelId: foreign.id });
    await bob.click(answer, 'Go on').acknowledged();
    await discord.until(() => recorded.presses.length === 1);
    const { actor, place, retire, openThread, surface } = only(recorded.presses);
    expect(actor.guild).toBe(`discord:dm:${bob.id}`);
    expect(place).toEqual({ guild: `discord:dm:${bob.id}`, channel: foreign.id, key: live.key });
    expect(await openThread('why?', never)).toBeNull();
    await retire(never);
    await surface.openMessage(view('2'), never);
    expect(discord.messages(foreign).map(({ content, buttons: left }) => [content, left.length])).toEqual([
      ['1', 0],
      ['2', 0],
    ]);
  });

  it('that is forged gets a private line and reaches nobody', async () => {
    const { discord, recorded, bob, channel, answer } = await answered();
    for (const id of [
      'stop',
      'stop:',
      'grant:a-1',
      'retry:../../x',
      `retry:${'x'.repeat(41)}`,
      '__proto__:a',
    ]) {
      await bob.forge(answer, id).acknowledged();
    }
    expect(recorded.presses).toEqual([]);
    const told = discord.messages(channel, bob).filter(({ onlyVisibleTo }) => onlyVisibleTo === bob.id);
    expect(new Set(told.map(({ content }) => content))).toEqual(
      new Set(['This button has expired. Ask again with `/ask`.']),
    );
    expect(told).toHaveLength(6);
  });
});
