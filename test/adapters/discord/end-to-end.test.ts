import { describe, expect, it, onTestFinished } from 'vitest';
import { BUTTONS, buttonRow, PRESS_KINDS } from '../../../src/core/ports/buttons.ts';
import { limitsSchema } from '../../../src/core/ports/limits.ts';
import type { Person } from '../../support/discord/person.ts';
import type { SeenMessage } from '../../support/discord/view.ts';
import { longAnswer, wordsOf } from '../../support/long-answer.ts';
import { THINKING_FILE } from '../../support/models.ts';
import { saidIn } from '../../support/said.ts';
import { createTestBot, type TestBotOptions } from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { type BenchOptions, openBehind, QUICK } from './harness.ts';

/** The whole core, the real discord.js, and people at a Discord that holds everybody to its rules. */
type Stage = Awaited<ReturnType<typeof openBehind>>;

async function open(
  options: BenchOptions & Pick<TestBotOptions, 'limits' | 'maxStreamsPerGuild' | 'automatic' | 'file'> = {},
): Promise<Stage> {
  const { limits, maxStreamsPerGuild, automatic, file } = options;
  const bot = await createTestBot({
    defaultTier: 'premium',
    ...(limits ? { limits } : {}),
    ...(maxStreamsPerGuild ? { maxStreamsPerGuild } : {}),
    ...(automatic ? { automatic } : {}),
    ...(file ? { file } : {}),
  });
  onTestFinished(bot.close);
  return openBehind(bot, options);
}

const labels = (message: SeenMessage | null | undefined) => message?.buttons.map(({ label }) => label) ?? [];

/** The end of an answer: its last message has buttons other than Stop. */
function isComplete(message: SeenMessage | null | undefined): boolean {
  return labels(message).includes('Retry…');
}

describe('/ask, as the person sees it', () => {
  it('thinks, grows with a Stop button, and ends with its facts and what can be done next', async () => {
    const { discord, provider, ada, channel } = await open();
    const answer = provider.live();
    const used = ada.slash('ask', { prompt: 'Why is the sky blue?' }, { channel });
    await used.acknowledged();
    expect(used.reply).toMatchObject({ thinking: true, onlyVisibleTo: null });
    await answer.text('Because **blue');
    await discord.until(() => used.reply?.content !== '', 'there is text');
    expect(used.reply?.content).toBe('Because **blue**');
    expect(labels(used.reply)).toEqual(['Stop']);
    await answer.text('** light scatters more.');
    await answer.finish({ prompt_tokens: 20, completion_tokens: 10, cost: 0 });
    await discord.until(() => isComplete(used.reply), 'the answer is complete');
    expect(used.reply?.content).toMatch(
      /^Because \*\*blue\*\* light scatters more\.\n\n-# Llama 3\.2 3B \(Free\) · [\d.]+ s · 30 tokens · free$/,
    );
    expect(labels(used.reply)).toEqual(['Retry…', 'In a thread', '👍', '👎']);
    expect(used.reply?.pings).toEqual([]);
    expect(discord.violations).toEqual([]);
  });

  it('refuses in private, and leaves nothing in the channel', async () => {
    const { discord, ada, bob, channel } = await open();
    const used = ada.slash('ask', { prompt: 'Why?', model: 'no/such-model' }, { channel });
    await discord.until(() => used.replies.length === 1 && used.replies[0]?.thinking === false);
    expect(used.replies[0]).toMatchObject({ onlyVisibleTo: ada.id });
    expect(used.replies[0]?.content).toContain('no/such-model');
    expect(discord.messages(channel, bob)).toEqual([]);
  });

  it('goes on in a thread, without mentions, and knows what was said', async () => {
    const { discord, provider, ada, channel } = await open();
    provider.answer('Blue.');
    provider.answer('Because of scattering.');
    const used = ada.slash('ask', { prompt: 'What colour is the sky?' }, { channel });
    await discord.until(() => isComplete(used.reply));
    if (used.reply) await ada.click(used.reply, 'In a thread').acknowledged();
    await discord.until(() => discord.threads(channel).length === 1);
    const [thread] = discord.threads(channel);
    if (!thread) throw new Error('no thread');
    expect(thread.name).toBe('What colour is the sky?');
    await discord.until(() => discord.messages(thread).length === 1);
    ada.say(thread, 'Why?');
    await discord.until(() => isComplete(discord.messages(thread).at(-1)));
    expect(discord.messages(thread).at(-1)?.content).toContain('Because of scattering.');
    expect(saidIn(provider.chats[1]?.body)).toEqual(['What colour is the sky?', 'Blue.', 'Why?']);
    expect(discord.violations).toEqual([]);
  });

  it('may be stopped by the asker alone, and says who stopped it', async () => {
    const { discord, provider, ada, bob, channel } = await open();
    const answer = provider.live();
    const used = ada.slash('ask', { prompt: 'Why?' }, { channel });
    await answer.text('Because it');
    await discord.until(() => labels(used.reply).includes('Stop'));
    if (!used.reply) throw new Error('no reply');
    const refused = bob.click(used.reply, 'Stop');
    await discord.until(() => refused.replies.length === 1);
    expect(refused.replies[0]).toMatchObject({
      content: 'Only the person who asked or an admin can stop this answer.',
      onlyVisibleTo: bob.id,
    });
    ada.click(used.reply, 'Stop');
    await discord.until(() => isComplete(used.reply));
    expect(used.reply.content).toMatch(/^Because it\n\n⏹️ Stopped by Ada\.\n-# Llama 3\.2 3B \(Free\) · /);
    expect(await (await answer.request).closed).toBe('aborted');
    expect(discord.violations).toEqual([]);
  });

  it('is tried again below, and the old answer loses its buttons', async () => {
    const { discord, provider, ada, channel } = await open();
    provider.answer('First try.');
    provider.answer('Second try.');
    const used = ada.slash('ask', { prompt: 'Why?' }, { channel });
    await discord.until(() => isComplete(used.reply));
    if (!used.reply) throw new Error('no reply');
    const form = ada.click(used.reply, 'Retry…');
    await form.acknowledged();
    ada.submit(form, {});
    await discord.until(
      () => discord.messages(channel).length === 2 && isComplete(discord.messages(channel)[1]),
    );
    await discord.until(() => labels(used.reply).length === 0, 'the old answer has lost its buttons');
    expect(discord.messages(channel).map(({ content }) => content.split('\n')[0])).toEqual([
      'First try.',
      'Second try.',
    ]);
    expect(discord.violations).toEqual([]);
  });

  it('thinks as much as was chosen, and says if a model takes no effort', async () => {
    const { discord, provider, guild, ada, channel } = await open({ file: THINKING_FILE });
    for (const effort of ['high', 'low'] as const) {
      provider.answer('Because.');
      const model = effort === 'low' ? 'maker/plain' : 'openai/gpt-5';
      const used = ada.slash('ask', { prompt: 'Why?', model, effort }, { channel });
      await discord.until(() => isComplete(used.reply));
      expect(used.reply?.content).toMatch(
        effort === 'low'
          ? /^Because\.\n\nℹ️ Plain does not support `effort`, so it uses its default\.\n-# Plain · 0/
          : /^Because\.\n\n-# GPT-5 · effort high · 0/,
      );
    }
    expect(provider.chats.map(({ body }) => body.reasoning)).toEqual([{ effort: 'high' }, undefined]);
    const boss = discord.person('Boss');
    guild.join(boss, ['ManageGuild']);
    const set = boss.slash('model', { effort: 'low', scope: 'channel' }, { channel });
    await discord.until(() => set.reply?.content !== undefined && !set.reply.thinking);
    expect(set.reply?.content).toContain('Effort for this channel: `low`');
    provider.answer('Because.');
    ada.say(channel, `${discord.botMention} why?`);
    await discord.until(() => provider.chats.length === 3);
    expect(provider.chats[2]?.body.reasoning).toEqual({ effort: 'low' });
    expect(discord.violations).toEqual([]);
  });

  it('is tried again with another model, chosen of those that are open here', async () => {
    const { discord, provider, ada, bob, channel } = await open();
    provider.answer('First try.');
    provider.answer('Second try.');
    const used = ada.slash('ask', { prompt: 'Why?' }, { channel });
    await discord.until(() => isComplete(used.reply));
    if (!used.reply) throw new Error('no reply');
    const refused = bob.click(used.reply, 'Retry…');
    await refused.acknowledged();
    expect(refused.modal).toBeNull();
    expect(refused.reply?.content).toContain('Only Ada or an admin');
    const form = ada.click(used.reply, 'Retry…');
    await form.acknowledged();
    const select = form.modal?.components[0]?.component;
    if (select?.type !== 3) throw new Error('no select');
    expect(select.options[0]).toMatchObject({ label: 'The same model', default: true });
    expect(select.options.length).toBeLessThanOrEqual(25);
    const other = select.options[1]?.value ?? '';
    ada.submit(form, { model: other });
    await discord.until(() =>
      discord.messages(channel, ada).some(({ content }) => content.includes('Second')),
    );
    expect(provider.chats[1]?.body.model).toBe(other);
    expect(provider.chats[0]?.body.model).not.toBe(other);
    expect(discord.violations).toEqual([]);
  });

  it.each(PRESS_KINDS.filter((kind) => buttonRow(kind).form !== undefined))(
    'opens the form of %s for people whom core lets press it, and tells all others why not',
    async (kind) => {
      const { discord, provider, guild, ada, bob, channel } = await open();
      const [boss, eve] = [discord.person('Boss'), discord.person('Eve')];
      guild.join(boss, ['ManageGuild']);
      guild.join(eve);
      provider.answer('Because.');
      const used = ada.slash('ask', { prompt: 'Why?' }, { channel });
      await discord.until(() => isComplete(used.reply));
      const answer = used.reply;
      const id = answer?.buttons.find(({ customId }) => customId?.startsWith(`${kind}:`))?.customId;
      if (!answer || !id) throw new Error(`there is no button ${kind}`);
      const run = async (person: Person, command: string, options: Record<string, string>) => {
        const ran = person.slash(command, options, { channel });
        await ran.acknowledged();
        await discord.until(() => ran.reply?.thinking === false, `/${command} is done`);
      };
      /** The reply that a person gets when they press a button. */
      const pressedBy = async (person: Person) => {
        const pressed = person.forge(answer, id);
        await pressed.acknowledged();
        return pressed.modal === null ? pressed.reply?.content : 'a form';
      };
      await run(boss, 'access', { list: 'deny', user: eve.id });
      expect(await pressedBy(ada)).toBe('a form');
      expect(await pressedBy(boss)).toBe('a form');
      expect(await pressedBy(bob)).toMatch(
        BUTTONS[kind].who === 'reader' ? /^a form$/ : /^Only Ada or an admin can/,
      );
      expect(await pressedBy(eve)).toMatch(/^An admin of this server has blocked you/);
      await run(ada, 'forget', { what: 'myself', sure: 'yes' });
      expect(await pressedBy(ada)).toMatch(/^This button has expired/);
      expect(discord.violations).toEqual([]);
    },
  );

  it('is deleted with all its messages by its asker, from the menu of any of them, and forgotten', async () => {
    const { discord, provider, ada, bob, channel } = await open();
    provider.answer(`First ${'word '.repeat(600)}`);
    const used = ada.slash('ask', { prompt: 'Why?' }, { channel });
    await discord.until(
      () => discord.messages(channel).length === 2 && isComplete(discord.messages(channel)[1]),
    );
    const [first] = discord.messages(channel);
    if (!first || !used.reply) throw new Error('no answer');
    const refused = bob.menu('Delete this answer', first, { channel });
    await discord.until(() => refused.replies[0]?.content !== '' && refused.replies.length === 1);
    expect(refused.reply?.content).toContain('Only Ada or an admin can delete');
    const done = ada.menu('Delete this answer', first, { channel });
    await discord.until(() => discord.messages(channel).length === 0, 'all of it is gone');
    await discord.until(() => done.reply?.content.includes('is deleted') === true);
    expect(done.reply?.onlyVisibleTo).toBe(ada.id);
    expect(discord.violations).toEqual([]);
  });

  it('summarises a thread for one person alone, from the menu of a message in it or of the one that it began with', async () => {
    const { discord, provider, ada, bob, channel } = await open();
    const starter = ada.say(channel, 'Shall we meet on Monday?');
    const thread = discord.openThreadFrom(starter, ada, 'Meeting');
    const inside = bob.say(thread, 'Tuesday is better.');
    for (const [message, where] of [
      [inside, thread],
      [starter, channel],
    ] as const) {
      provider.answer('Tuesday.');
      const seen = discord.message({ id: message.id, channelId: where.id });
      const used = ada.menu('Summarise this thread', seen, { channel: where });
      await discord.until(() => used.reply?.content.startsWith('Tuesday.') === true, 'it is summarised');
      expect(used.reply?.onlyVisibleTo).toBe(ada.id);
      const [asked] = saidIn(provider.chats.at(-1)?.body);
      expect(asked).toMatch(
        /^Summarise this thread[\s\S]*Shall we meet on Monday\?[\s\S]*Tuesday is better\./,
      );
    }
    const lone = ada.say(channel, 'Nobody answers this.');
    const refused = ada.menu(
      'Summarise this thread',
      discord.message({ id: lone.id, channelId: channel.id }),
      {
        channel,
      },
    );
    await discord.until(() => refused.reply?.content.includes('There is no thread here') === true);
    expect(provider.chats).toHaveLength(2);
    expect(discord.violations).toEqual([]);
  });

  it('summarises a long thread for whoever presses the button under an answer in it', async () => {
    const { discord, provider, ada, bob, channel } = await open();
    const thread = discord.openThreadFrom(ada.say(channel, 'When shall we meet?'), ada, 'Meeting');
    for (let day = 1; day <= 10; day++) bob.say(thread, `On day ${day}?`);
    provider.answer('On day 3.');
    ada.say(thread, `${discord.botMention} which one?`);
    await discord.until(() => isComplete(discord.messages(thread).at(-1)));
    const answer = discord.messages(thread).at(-1);
    if (answer === undefined) throw new Error('no answer');
    expect(labels(answer)).toEqual(['Retry…', '👍', '👎', 'Stop listening', 'Summarise thread']);
    provider.answer('Bob offers ten days.');
    const pressed = bob.click(answer, 'Summarise thread');
    await discord.until(() => pressed.reply?.content.startsWith('Bob offers ten days.') === true);
    expect(pressed.reply?.onlyVisibleTo).toBe(bob.id);
    expect(saidIn(provider.chats.at(-1)?.body)[0]).toMatch(
      /^Summarise this thread[\s\S]*When shall we meet\?[\s\S]*On day 10\?/,
    );
    expect(labels(discord.messages(thread).at(-1))).toEqual(labels(answer));
    expect(discord.violations).toEqual([]);
  });

  it('offers models that can be used first', async () => {
    const { ada, channel } = await open();
    const choices = await ada.autocomplete('ask', 'model', 'gpt-4o', { channel });
    expect(choices.map(({ value }) => value)).toContain('openai/gpt-4o-mini');
  });
});

describe('limits of a role', () => {
  it('hold for each member who has it, whether they ask by command or by message', async () => {
    const { discord, provider, guild, ada, bob, channel } = await open({
      limits: limitsSchema.parse(undefined),
    });
    const boss = discord.person('Boss');
    guild.join(boss, ['ManageGuild']);
    const role = guild.role('Interns');
    guild.give(ada, role);
    const toOne = { limit: 'requests-per-day', to: '1', role: `<@&${role}>` };
    const told = async (used: ReturnType<typeof ada.slash>) => {
      await discord.until(() => used.replies[0]?.thinking === false);
      return used.replies[0]?.content;
    };
    expect(await told(ada.slash('limits', toOne, { channel }))).toMatch(/Only an admin/);
    expect(await told(boss.slash('limits', toOne, { channel }))).toContain(`Limits of the role ${role}`);

    for (const person of [ada, bob, bob]) {
      provider.answer('Yes.');
      const used = person.slash('ask', { prompt: 'Well?' }, { channel });
      await discord.until(() => isComplete(used.reply));
    }
    expect(await told(ada.slash('ask', { prompt: 'And again?' }, { channel }))).toMatch(
      /Daily limit reached \(1 request\)/,
    );
    ada.say(channel, `${discord.botMention} and here?`);
    const heard = () =>
      [...discord.messages(channel), ...discord.messages(ada.dm)].map(({ content }) => content);
    await discord.until(() => heard().some((content) => /Daily limit reached \(1 request\)/.test(content)));
    expect(provider.chats).toHaveLength(3);
    expect(await told(ada.slash('limits', {}, { channel }))).toMatch(
      /1 request\*\* \(set by an admin for a role\) · you have used 1 request/,
    );
    expect(discord.violations).toEqual([]);
  });
});

describe('a conversation', () => {
  it('begins with a mention, in a thread of its own, and goes on without', async () => {
    const { discord, provider, ada, channel } = await open();
    provider.answer('Blue.');
    provider.answer('Because of scattering.');
    const question = ada.say(channel, `${discord.botMention} What colour is the sky?`);
    const thread = { id: question.id };
    await discord.until(() => isComplete(discord.messages(thread).at(-1)));
    ada.say(thread, 'Why?');
    await discord.until(() => discord.messages(thread).filter(isComplete).length === 2);
    expect(saidIn(provider.chats[1]?.body)).toEqual(['What colour is the sky?', 'Blue.', 'Why?']);
    expect(discord.violations).toEqual([]);
  });

  it('gives its thread a name of its own, and other people’s threads none', async () => {
    const { discord, provider, ada, channel } = await open({ automatic: new Set(['titles']) });
    for (const text of ['Blue.', 'Colour of the sky', 'Green.']) provider.answer(text);
    ada.say(channel, `${discord.botMention} What colour has it?`);
    await discord.until(
      () => discord.threads(channel).some(({ name }) => name === 'Colour of the sky'),
      'it has a name',
    );
    const theirs = discord.openThread(channel, ada, 'Ours');
    ada.say(theirs, `${discord.botMention} And grass?`);
    await discord.until(() => isComplete(discord.messages(theirs).at(-1)));
    expect(provider.chats).toHaveLength(3);
    expect(discord.threads(channel).map(({ name }) => name)).toEqual(['Colour of the sky', 'Ours']);
    expect(discord.violations).toEqual([]);
  });

  it('does not begin in other people’s threads', async () => {
    const { discord, provider, ada, channel } = await open();
    const thread = discord.openThread(channel, ada, 'Ours');
    ada.say(thread, 'What do you all think?');
    provider.answer('A direct answer.');
    ada.say(ada.dm, 'Hello');
    await discord.until(() => isComplete(discord.messages(ada.dm).at(-1)));
    expect(provider.chats).toHaveLength(1);
    expect(discord.messages(thread)).toHaveLength(1);
  });

  it('stops answering a question that was deleted', async () => {
    const { discord, provider, ada, channel } = await open();
    const answer = provider.live();
    const question = ada.say(channel, `${discord.botMention} Why?`);
    await answer.text('Because');
    const thread = { id: question.id };
    await discord.until(() => discord.messages(thread).length === 1);
    ada.remove(question);
    expect(await (await answer.request).closed).toBe('aborted');
    await discord.until(() => isComplete(discord.messages(thread).at(-1)));
    expect(discord.messages(thread).at(-1)?.content).toContain('Stopped: the question was deleted.');
  });
});

describe('a question that is deleted before there is an answer', () => {
  it('leaves nothing in the channel', async () => {
    const { discord, provider, ada, channel } = await open();
    const answer = provider.live();
    const question = ada.say(channel, `${discord.botMention} Why?`);
    const { closed } = await answer.request;
    ada.remove(question);
    expect(await closed).toBe('aborted');
    await discord.until(() =>
      discord.requests.some(({ path, status }) => path.endsWith('/threads') && status === 404),
    );
    // Whatever would be posted comes before this.
    provider.answer('Hello.');
    const used = ada.slash('ask', { prompt: 'Still there?' }, { channel });
    await discord.until(() => isComplete(used.reply));
    expect(discord.messages(channel).map(({ content }) => content.split('\n')[0])).toEqual(['Hello.']);
  });
});

describe('delivery', () => {
  it('brings 6,000 words with code, tables, Chinese and emoji whole and in order, without a 429', async () => {
    const { discord, provider, ada, channel } = await open({ rateLimits: QUICK });
    const text = longAnswer(6_000);
    provider.answer(text.match(/[\s\S]{1,400}/g) ?? []);
    ada.slash('ask', { prompt: 'Tell me everything.' }, { channel });
    await discord.until(() => isComplete(discord.messages(channel).at(-1)), 'the answer is complete', 40_000);
    const messages = discord.messages(channel);
    expect(messages.length).toBeGreaterThan(15);
    expect(wordsOf(messages.map(({ content }) => content).join('\n'))).toEqual(wordsOf(text));
    for (const { content } of messages) {
      expect(content.split('\n').filter((line) => line.startsWith('```')).length % 2).toBe(0);
    }
    expect(messages.filter(({ buttons }) => buttons.length > 0)).toEqual([messages.at(-1)]);
    expect(discord.violations).toEqual([]);
  }, 60_000);

  it('shows the first text of five questions at once within one window, and starves none', async () => {
    const { discord, provider, ada, channel } = await open();
    const lives = Array.from({ length: 5 }, () => provider.live());
    const used = lives.map((_, index) => ada.slash('ask', { prompt: `Question ${index}?` }, { channel }));
    for (const live of lives) await live.text('The first words');
    await discord.until(() => used.every(({ reply }) => reply?.content.startsWith('The first words')));
    const firstShownMs = used.map(({ reply }) => (reply?.history[0]?.atMs ?? 0) - (reply?.createdAtMs ?? 0));
    expect(Math.max(...firstShownMs)).toBeLessThan(2_000);
    for (let word = 0; word < 20; word++) for (const live of lives) await live.text(` w${word}`);
    for (const live of lives) await live.finish();
    await discord.until(() => used.every(({ reply }) => isComplete(reply)));
    for (const { reply } of used) expect(wordsOf(reply?.content ?? '')).toHaveLength(20);
    expect(discord.violations).toEqual([]);
  });

  it.each([
    ['a gateway that is cut', (stage: Stage) => stage.discord.gateway.drop()],
    ['a session that is lost', (stage: Stage) => stage.discord.gateway.invalidate()],
    ['a request to reconnect', (stage: Stage) => stage.discord.gateway.askToReconnect()],
    ['events that are replayed', (stage: Stage) => stage.discord.gateway.replay(5)],
    [
      '5xx on edits',
      ({ discord }: Stage) =>
        discord.faults.add('PATCH', /messages/, { kind: 'status', status: 503, when: 'before' }, 2),
    ],
    [
      '5xx on edits that had taken effect',
      ({ discord }: Stage) =>
        discord.faults.add('PATCH', /messages/, { kind: 'status', status: 502, when: 'after' }, 2),
    ],
    [
      'connections that are reset',
      ({ discord }: Stage) => discord.faults.add('PATCH', /messages/, { kind: 'reset', when: 'after' }, 2),
    ],
    [
      'a 429 with a wait',
      ({ discord }: Stage) =>
        discord.faults.add('PATCH', /messages/, { kind: 'rate-limit', retryAfterMs: 1_500, scope: 'shared' }),
    ],
  ])('ends with the whole text, once, after %s', async (_, strike) => {
    const stage = await open({ rateLimits: QUICK });
    const { discord, provider, ada, channel } = stage;
    const live = provider.live();
    const question = ada.say(channel, `${discord.botMention} Why?`);
    const thread = { id: question.id };
    await live.text('One two ');
    await discord.until(() => discord.messages(thread).length === 1);
    strike(stage);
    await live.text('three four ');
    await live.text('five.');
    await live.finish();
    await discord.until(() => isComplete(discord.messages(thread).at(-1)), 'the answer is complete');
    expect(discord.messages(thread)).toHaveLength(1);
    expect(discord.messages(thread)[0]?.content).toContain('One two three four five.');
    expect(provider.chats).toHaveLength(1);
    expect(discord.violations).toEqual([]);
  });

  it('posts a message once when the answer to the send is lost, whatever was written since', async () => {
    const { discord, provider, ada, channel } = await open({ rateLimits: QUICK });
    const live = provider.live();
    discord.faults.add('POST', /messages$/, { kind: 'reset', when: 'after' });
    const question = ada.say(channel, `${discord.botMention} Why?`);
    const thread = { id: question.id };
    await live.text('One ');
    await discord.until(() => discord.messages(thread).length === 1);
    await live.text('two three.');
    await live.finish();
    await discord.until(() => isComplete(discord.messages(thread).at(-1)), 'the answer is complete');
    expect(discord.messages(thread).map(({ content }) => content.split('\n')[0])).toEqual(['One two three.']);
  });

  it('goes on in one further message when the answer to a follow-up is lost', async () => {
    const { discord, provider, ada, channel } = await open({ rateLimits: QUICK });
    const live = provider.live();
    discord.faults.add('POST', /^\/webhooks/, { kind: 'reset', when: 'after' });
    ada.slash('ask', { prompt: 'Tell me a lot.' }, { channel });
    const words = Array.from({ length: 500 }, (_, index) => `w${index}`);
    await live.text(words.join(' '));
    await live.finish();
    await discord.until(() => isComplete(discord.messages(channel).at(-1)), 'the answer is complete');
    expect(
      wordsOf(
        discord
          .messages(channel)
          .map(({ content }) => content)
          .join('\n'),
      ),
    ).toEqual(words);
    expect(discord.violations).toEqual([]);
  });
});

describe('an event that comes twice', () => {
  it('is answered once: a message, and a command', async () => {
    const { discord, provider, ada, channel } = await open();
    provider.answer('One answer.');
    provider.answer('Another answer.');
    const question = ada.say(channel, `${discord.botMention} Why?`);
    const thread = { id: question.id };
    discord.gateway.replay(1);
    await discord.until(() => isComplete(discord.messages(thread).at(-1)));
    discord.gateway.replay(3);
    const used = ada.slash('ask', { prompt: 'And?' }, { channel });
    await discord.until(() => isComplete(used.reply));
    expect(discord.messages(thread)).toHaveLength(1);
    expect(provider.chats).toHaveLength(2);
  });
});

describe('a server that the bot is added to', () => {
  it('has an owner who is greeted once, in a direct message, also after a restart', async () => {
    const { discord, ada, startBot, dispatch } = await open();
    const guild = discord.guild({ name: 'Book club', owner: ada });
    const greetings = () =>
      discord.messages(ada.dm, ada).filter(({ content }) => content.includes('Book club'));
    await discord.until(() => greetings().length === 1, 'the owner is greeted');
    expect(greetings()[0]?.content).toMatch(
      /I bring language models to \*\*Book club\*\*.*`\/ask`.*`\/help`/s,
    );
    await startBot({ dispatch });
    const other = discord.guild({ name: 'Chess club', owner: ada });
    await discord.until(() =>
      discord.messages(ada.dm, ada).some(({ content }) => content.includes('Chess club')),
    );
    expect(greetings()).toHaveLength(1);
    expect(guild.id).not.toBe(other.id);
    expect(discord.violations).toEqual([]);
  });
});

describe('a question that waits for a slot', () => {
  const QUEUED = /⏳ Many answers .* number 1 in the queue; its turn should come in 15 seconds\./;

  it('says so in the place of "thinking", and the answer takes its place', async () => {
    const { discord, provider, ada, bob, channel } = await open({ maxStreamsPerGuild: 1 });
    const first = provider.live();
    const [one, two] = [ada, bob].map((person) => person.slash('ask', { prompt: 'Why?' }, { channel }));
    await first.request;
    const waiting = await waitUntil(() => {
      const found = [one, two].find((used) => QUEUED.test(used?.reply?.content ?? ''));
      expect(found).toBeDefined();
      return found;
    });
    provider.answer('Second.');
    await first.text('First.');
    await first.finish();
    await discord.until(() => isComplete(one?.reply) && isComplete(two?.reply));
    expect(waiting?.reply?.content).toMatch(/^Second\.\n/);
    expect(
      discord
        .messages(channel)
        .map(({ content }) => content)
        .join('\n'),
    ).not.toMatch(/queue/);
    expect(discord.violations).toEqual([]);
  });

  it('that is a message gets a reply, which goes when its turn has come', async () => {
    const { discord, provider, ada, bob, channel } = await open({ maxStreamsPerGuild: 1 });
    const first = provider.live();
    ada.slash('ask', { prompt: 'Why?' }, { channel });
    await first.request;
    bob.say(channel, `${discord.botMention} And why not?`);
    const texts = () => discord.messages(channel).map(({ content }) => content);
    await discord.until(() => texts().some((text) => QUEUED.test(text)), 'the queue is told');
    provider.answer('Second.');
    await first.text('First.');
    await first.finish();
    await discord.until(() => discord.threads(channel).length === 1);
    await discord.until(() => !texts().some((text) => QUEUED.test(text)), 'it is taken away');
    expect(discord.violations).toEqual([]);
  });
});
