import { afterEach, describe, expect, it } from 'vitest';
import type { MessageView, Surface } from '../../../../src/core/ports/surface.ts';
import { openGuild } from '../../../support/discord/guild.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { type Bench, type BenchOptions, openBench } from '../harness.ts';

const never = new AbortController().signal;
const MINUTE_MS = 60_000;
const ANSWER = 'answer-1';

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

const growing = (text: string): MessageView => ({
  text,
  source: text,
  status: 'streaming',
  note: null,
  footer: null,
  buttons: [{ kind: 'stop', answerId: ANSWER }],
});

const sealed = (text: string): MessageView => ({ ...growing(text), status: 'sealed', buttons: [] });

const ended = (text: string): MessageView => ({
  ...growing(text),
  status: 'interrupted',
  note: 'Interrupted.',
  footer: 'Model · 1 s',
  buttons: [{ kind: 'retry', answerId: ANSWER }],
});

async function mention({ discord, recorded, ada, channel }: Ground): Promise<Surface> {
  ada.say(channel, `${discord.botMention} Why?`);
  await discord.until(() => recorded.messages.length === 1);
  return recorded.messages[0]?.surface as Surface;
}

async function ask({ discord, recorded, ada, channel }: Ground, isPrivate = false): Promise<Surface> {
  ada.slash('ask', { prompt: 'Why?', private: isPrivate }, { channel });
  await discord.until(() => recorded.commands.length === 1);
  return recorded.commands[0]?.surface as Surface;
}

/** The answer as another process finds it. */
async function reopen({ startBot }: Ground, surface: Surface, answerId: string | null = ANSWER) {
  const other = await startBot();
  return other.reopen?.({ reference: surface.reference ?? '', answerId }, never);
}

describe('an answer that a dead process left', () => {
  it('had not begun: the hourglass and the words on the queue go, and nothing else', async () => {
    const ground = await open();
    const { discord, channel, ada } = ground;
    const surface = await mention(ground);
    surface.indicate('queued');
    surface.waits?.('Your question is number 3 in the queue.');
    const [question] = discord.messages(channel);
    const shown = () => discord.messages(channel).map(({ content }) => content);
    await discord.until(() => shown().length === 2);
    ada.say(channel, '-# ⏳ A person writes so too.', { replyTo: { id: question?.id ?? '' } });
    await discord.until(() => discord.messages(channel)[0]?.reactions.length === 1);
    expect((await reopen(ground, surface, null))?.message).toBeNull();
    await discord.until(() => shown().length === 2 && discord.messages(channel)[0]?.reactions.length === 0);
    expect(shown()).toEqual([question?.content, '-# ⏳ A person writes so too.']);
  });

  it('goes on in its message in the thread of a mention', async () => {
    const ground = await open();
    const surface = await mention(ground);
    const first = await surface.openMessage(sealed('One'), never);
    await surface.openMessage(growing('two'), never);
    const found = await reopen(ground, surface);
    expect(found?.message).toMatchObject({ text: 'two', isEnded: false });
    await found?.message?.live.update(sealed('two three'), never);
    await found?.surface.openMessage(ended('four'), never);
    const thread = ground.discord.threads(ground.channel)[0] ?? { id: '' };
    expect(ground.discord.messages(thread).map(({ content }) => content)).toEqual([
      'One',
      'two three',
      'four\n\n⚠️ Interrupted.\n-# Model · 1 s',
    ]);
    expect(first.key).not.toBe(found?.message?.live.key);
  });

  it.each(['written down', 'not written down'])(
    'goes on in its message, %s, however much was said in the channel since',
    async (known) => {
      const ground = await open();
      const surface = await ask(ground);
      const before = surface.reference;
      await surface.openMessage(growing('One'), never);
      for (let said = 0; said < 150; said++) ground.ada.say(ground.channel, `Small talk ${said}`);
      const reference = (known === 'written down' ? surface.reference : before) ?? '';
      const other = await ground.startBot();
      const found = await other.reopen?.({ reference, answerId: ANSWER }, never);
      expect(found?.message).toMatchObject({ text: 'One', isEnded: false });
    },
  );

  it('is not taken for complete where the bot may not look back', async () => {
    const ground = await open();
    const channel = ground.guild.channel({ denyBot: ['ReadMessageHistory'] });
    const surface = await ask({ ...ground, channel });
    await surface.openMessage(growing('One'), never);
    const found = await reopen(ground, surface);
    expect(found).toMatchObject({ message: null, isUnread: true });
    await found?.surface.openMessage(ended('Sorry'), never);
    expect(ground.discord.messages(channel).at(-1)?.content).toContain('Sorry');
  });

  it('begins in the thread that was still to come', async () => {
    const ground = await open();
    const found = await reopen(ground, await mention(ground));
    expect(found).toMatchObject({ message: null });
    await found?.surface.openMessage(ended('Sorry'), never);
    expect(ground.discord.threads(ground.channel)).toHaveLength(1);
  });

  it('does not stand twice where the send that nobody heard of had arrived', async () => {
    const ground = await open();
    const surface = await mention(ground);
    const { reference } = surface;
    await surface.openMessage({ ...growing('One'), buttons: [] }, never);
    const other = await ground.startBot();
    const found = await other.reopen?.({ reference: reference ?? '', answerId: ANSWER }, never);
    await found?.surface.openMessage(ended('One two'), never);
    const thread = ground.discord.threads(ground.channel)[0] ?? { id: '' };
    expect(ground.discord.messages(thread)).toHaveLength(1);
    expect(ground.discord.messages(thread)[0]?.content).toContain('One two');
  });

  it('overwrites nothing where its newest message was not written down', async () => {
    const ground = await open();
    const surface = await mention(ground);
    await surface.openMessage(sealed('One'), never);
    const { reference } = surface;
    await surface.openMessage(growing('two'), never);
    const other = await ground.startBot();
    const found = await other.reopen?.({ reference: reference ?? '', answerId: ANSWER }, never);
    expect(found?.message).toMatchObject({ text: 'two', isEnded: false });
    await found?.message?.live.update(sealed('two three'), never);
    await found?.surface.openMessage(growing('four'), never);
    const thread = ground.discord.threads(ground.channel)[0] ?? { id: '' };
    expect(ground.discord.messages(thread).map(({ content }) => content)).toEqual([
      'One',
      'two three',
      'four',
    ]);
  });

  it('goes on in the interaction’s own reply, thinking or not', async () => {
    const ground = await open();
    const surface = await ask(ground);
    const thinking = await reopen(ground, surface);
    expect(thinking?.message).toBeNull();
    const live = await thinking?.surface.openMessage(growing('One'), never);
    expect(ground.discord.messages(ground.channel)).toMatchObject([
      { id: live?.key, content: 'One', thinking: false },
    ]);
    const found = await reopen(ground, thinking?.surface as Surface);
    expect(found?.message).toMatchObject({ text: 'One', isEnded: false });
    await found?.message?.live.update(ended('One two'), never);
    expect(await reopen(ground, found?.surface as Surface)).toMatchObject({
      message: { text: 'One two', isEnded: true },
    });
  });

  it('goes on after the interaction’s own reply where that was not written down', async () => {
    const ground = await open();
    const surface = await ask(ground);
    const { reference } = surface;
    await surface.openMessage(growing('One'), never);
    const other = await ground.startBot();
    const found = await other.reopen?.({ reference: reference ?? '', answerId: ANSWER }, never);
    await found?.message?.live.update(sealed('One two'), never);
    await found?.surface.openMessage(ended('three'), never);
    const [first, second, ...others] = ground.discord.messages(ground.channel);
    expect(first?.content).toBe('One two');
    expect(second?.content).toMatch(/^three/);
    expect(others).toEqual([]);
  });

  it('does not stand twice where a further message of an interaction was not written down', async () => {
    const ground = await open();
    const surface = await ask(ground);
    await surface.openMessage(sealed('One'), never);
    await surface.openMessage(sealed('two'), never);
    const { reference } = surface;
    await surface.openMessage(sealed('three'), never);
    const other = await ground.startBot();
    const found = await other.reopen?.({ reference: reference ?? '', answerId: ANSWER }, never);
    expect(found?.message).toBeNull();
    await found?.surface.openMessage(sealed('three'), never);
    await found?.surface.openMessage(growing('four'), never);
    expect(ground.discord.messages(ground.channel).map(({ content }) => content)).toEqual([
      'One',
      'two',
      'three',
      'four',
    ]);
  });

  it('goes on through the channel where the token has died meanwhile', async () => {
    const clock = createFakeClock();
    const ground = await open({ clock });
    const surface = await ask(ground);
    await clock.advance(16 * MINUTE_MS);
    const found = await reopen(ground, surface);
    await found?.surface.openMessage(ended('Sorry'), never);
    const shown = ground.discord.messages(ground.channel).filter(({ thinking }) => !thinking);
    expect(shown).toHaveLength(1);
  });

  it('goes on in private, as long as the token lives', async () => {
    const clock = createFakeClock();
    const ground = await open({ clock });
    const surface = await ask(ground, true);
    await surface.openMessage(sealed('One'), never);
    await surface.openMessage(growing('two'), never);
    const found = await reopen(ground, surface);
    expect(found?.message).toMatchObject({ text: 'two', isEnded: false });
    await found?.message?.live.update(ended('two three'), never);
    expect(ground.discord.messages(ground.channel, ground.bob)).toEqual([]);
    await clock.advance(16 * MINUTE_MS);
    expect(await reopen(ground, surface)).toBeNull();
  });

  it('has no message yet where none was shown', async () => {
    const ground = await open();
    expect(await reopen(ground, await ask(ground), null)).toMatchObject({ message: null });
  });

  it('is out of reach where its channel is gone, or the reference is none', async () => {
    const ground = await open();
    const surface = await mention(ground);
    await surface.openMessage(growing('One'), never);
    ground.discord.removeChannel(ground.discord.threads(ground.channel)[0] ?? { id: '' });
    expect(await reopen(ground, surface)).toBeNull();
    for (const reference of ['', 'null', '{}', '{"kind":"message"}']) {
      expect(await ground.adapter.reopen?.({ reference, answerId: null }, never)).toBeNull();
    }
  });

  it('is not given up because Discord fails', async () => {
    const ground = await open();
    const surface = await mention(ground);
    await surface.openMessage(growing('One'), never);
    ground.discord.faults.add('GET', /messages/, { kind: 'status', status: 500, when: 'before' }, 20);
    await expect(reopen(ground, surface)).rejects.toThrow();
    ground.discord.faults.clear();
    expect((await reopen(ground, surface))?.message).toMatchObject({ text: 'One' });
  });

  it('is written down without the interaction’s token, which another bot’s cannot open', async () => {
    const ground = await open();
    const used = ground.ada.slash('ask', { prompt: 'Why?' }, { channel: ground.channel });
    await ground.discord.until(() => ground.recorded.commands.length === 1);
    const reference = ground.recorded.commands[0]?.surface.reference ?? '';
    expect(ground.recorded.commands[0]?.surface.reference).toBe(reference);
    expect(reference).not.toContain(used.token);
    expect(reference).toContain(used.id);
    const elsewhere = await openBench();
    expect(await elsewhere.adapter.reopen?.({ reference, answerId: null }, never)).toBeNull();
    await elsewhere.close();
  });
});
