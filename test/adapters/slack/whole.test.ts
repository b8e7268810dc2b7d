import { describe, expect, it, onTestFinished } from 'vitest';
import { LISTENING_NOTE } from '../../../src/core/conversations/listening.ts';
import { limitsSchema } from '../../../src/core/ports/limits.ts';
import { THINKING_FILE } from '../../support/models.ts';
import { saidIn } from '../../support/said.ts';
import { connectToSlack, openSlack } from '../../support/slack/parley.ts';
import type { Person } from '../../support/slack/person.ts';
import type { SeenMessage } from '../../support/slack/reading.ts';
import { createTestBot, type TestBot, type TestBotOptions } from '../../support/test-bot.ts';
import { until } from './harness.ts';

/** All of Parley behind the real Bolt, with a Slack and a provider on loopback. */
async function setUp(options: TestBotOptions & { agentView?: boolean } = {}) {
  const bot = await createTestBot(options);
  onTestFinished(bot.close);
  const slack = await openSlack({ agentView: options.agentView ?? false });
  const connect = (core: TestBot) => connectToSlack(slack, core);
  await connect(bot);
  const ann = slack.user('Ann');
  const bob = slack.user('Bob');
  const boss = slack.user('Boss', { isAdmin: true });
  const general = slack.channel('general', [ann, bob, boss]);
  const mention = `<@${slack.app.botUserId}>`;

  /** The answers in a thread, as far as they have ended. */
  const ended = (channel: string, thread: string) =>
    slack
      .messages(channel, thread)
      .filter(
        ({ author, buttons }) =>
          author === slack.app.botUserId && buttons.some(({ label }) => label === 'Retry…'),
      );
  const endedAt = async (channel: string, thread: string, count = 1): Promise<SeenMessage> => {
    await until(() => ended(channel, thread).length === count);
    return ended(channel, thread).at(-1) as SeenMessage;
  };
  const questionsTo = (provider: TestBot['provider']) =>
    provider.chats.map(({ body }) => saidIn(body).at(-1));
  return { bot, slack, connect, ann, bob, boss, general, mention, endedAt, questionsTo };
}

describe('Parley on Slack', () => {
  it('answers /ask in a thread, and goes on there without a mention', async () => {
    const { bot, slack, ann, bob, general, endedAt } = await setUp();
    bot.provider.answer(['Rayleigh ', 'scattering.']);
    await ann.slash('/ask', 'why is the sky blue?', { channel: general });
    await until(() => slack.messages(general).length === 1);
    const root = slack.messages(general)[0]?.ts ?? '';
    const answer = await endedAt(general, root);
    expect(answer.text).toBe(`Rayleigh scattering.\n${LISTENING_NOTE}`);
    expect(answer.footer).toMatch(/^Llama 3\.2 3B \(Free\) · \d+\.\d s · 46 tokens · /);

    bot.provider.answer('Because the sun is away.');
    bob.say(general, 'and at night?', { thread: root });
    expect((await endedAt(general, root, 2)).text).toBe('Because the sun is away.');
    expect(saidIn(bot.provider.chats[1]?.body)).toEqual([
      'Ann: why is the sky blue?',
      'Rayleigh scattering.',
      'Bob: and at night?',
    ]);
    expect(slack.violations).toEqual([]);
  });

  it('answers each question once, whichever process hears of it and however often', async () => {
    const context = await setUp();
    const { bot, slack, ann, general, mention, endedAt, connect } = context;
    const second = await createTestBot({ store: bot.store, provider: bot.provider });
    onTestFinished(second.close);
    await connect(second);
    bot.provider.answer('Hello.');
    const { ts } = ann.say(general, `${mention} hi`);
    const event = { type: 'app_mention', user: ann.id, channel: general, ts, text: `${mention} hi` };
    for (let again = 0; again < 4; again++) await slack.deliver(slack.wrap(event));
    await endedAt(general, ts);
    await until(() => slack.undelivered === 0);
    expect(bot.provider.chats).toHaveLength(1);
    expect(slack.messages(general, ts)).toHaveLength(2);
  });

  it.each(['a mention', '/ask'])(
    'hears what is said in the thread of %s before the first word of the answer',
    async (way) => {
      const { bot, slack, ann, bob, general, mention, endedAt, questionsTo } = await setUp();
      const live = bot.provider.live();
      if (way === '/ask') await ann.slash('/ask', 'first', { channel: general });
      else ann.say(general, `${mention} first`);
      await live.request;
      await until(() => slack.messages(general).length === 1);
      const root = slack.messages(general)[0]?.ts ?? '';
      bot.provider.answer('Two.');
      bob.say(general, 'second', { thread: root });
      await until(() => slack.messages(general, root)[1]?.reactions.length === 1);
      await live.text('One.');
      await live.finish();
      await endedAt(general, root, 2);
      expect(questionsTo(bot.provider)).toEqual(['first', 'Bob: second']);
    },
  );

  it('listens where it was mentioned, and says so once, with a button that ends it', async () => {
    const { bot, slack, ann, bob, general, mention, endedAt, questionsTo } = await setUp();
    for (const text of ['One.', 'Two.', 'Three.']) bot.provider.answer(text);
    const theirs = ann.say(general, 'what do you think?');
    bob.say(general, 'no idea', { thread: theirs.ts });
    bob.say(general, `${mention} first`, { thread: theirs.ts });
    const answer = await endedAt(general, theirs.ts);
    expect(answer.text).toContain(LISTENING_NOTE);
    ann.say(general, 'second', { thread: theirs.ts });
    const next = await endedAt(general, theirs.ts, 2);
    expect(next.text).not.toContain(LISTENING_NOTE);
    await ann.click(answer, 'Stop listening');
    await until(() => ann.privateTexts(general).length === 1);
    ann.say(general, 'thanks, bob!', { thread: theirs.ts });
    bob.say(general, `${mention} third`, { thread: theirs.ts });
    await endedAt(general, theirs.ts, 3);
    // The thread before the first one comes with it.
    const asked = questionsTo(bot.provider).map((question) => String(question).split('\n')[0]);
    expect(asked).toEqual(['first', 'Ann: second', 'Bob: third']);
    // With the third comes what the bot did not hear, and nothing that the conversation knows.
    const third = String(questionsTo(bot.provider)[2]);
    expect(third).toContain('thanks, bob!');
    expect(third).not.toMatch(/no idea|second|Two\./);
    bob.say(general, `${mention} /listen on`, { thread: theirs.ts });
    await until(() => bob.privateTexts(general).length === 1);
    expect(bob.privateTexts(general)[0]?.text).toMatch(/^I read and answer every message in this thread/);
    expect(slack.violations).toEqual([]);
  });

  it.each(['a channel', 'a DM'])(
    'takes no key behind a mention in %s, and says to revoke it',
    async (where) => {
      const { bot, slack: slackOf, ann, boss, general, mention } = await setUp();
      const key = 'sk-or-v1-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF';
      for (const person of [boss, ann]) {
        const place = where === 'a DM' ? person.dm : general;
        person.say(place, `${mention} /connect openrouter ${key}`);
        person.say(place, `${mention} connect openrouter ${key}`);
        await until(() => person.privateTexts(place).length + textsIn(place) === 2);
      }
      expect(bot.provider.requests).toEqual([]);
      expect(bot.logged()).not.toContain(key);

      function textsIn(place: string): number {
        return where === 'a DM' ? answersIn(place).filter((text) => /revoke the key/.test(text)).length : 0;
      }
      function answersIn(place: string): string[] {
        return slackOf.messages(place).map(({ text }) => text);
      }
    },
  );

  it('refuses to the asker alone, and shows no question', async () => {
    const { bot, slack, ann, general } = await setUp();
    await ann.slash('/ask', '--model gpt-4o why?', { channel: general });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toMatch(/^\*\*GPT-4o\*\* \(`openai\/gpt-4o`\) needs the tier/);
    expect(slack.messages(general)).toEqual([]);
    expect(bot.provider.chats).toEqual([]);
  });

  it('thinks as much as /ask and @Parley say, at most as the tier allows, and takes no other word', async () => {
    const { bot, slack, ann, general, mention, endedAt } = await setUp({ file: THINKING_FILE });
    bot.provider.answer('Because.');
    await ann.slash('/ask', '--effort low why is it blue?', { channel: general });
    await until(() => slack.messages(general).length === 1);
    const root = slack.messages(general)[0]?.ts ?? '';
    expect((await endedAt(general, root)).footer).toMatch(/^GPT-5 · effort low · /);
    // Apps have no commands in threads.
    bot.provider.answer('Because.');
    ann.say(general, `${mention} /ask --effort high why not green?`, { thread: root });
    const answer = await endedAt(general, root, 2);
    expect(answer.text).toContain(
      'The tier `free` allows GPT-5 at most `effort:medium`, so I asked for that.',
    );
    expect(bot.provider.chats.map(({ body }) => body.reasoning)).toEqual([
      { effort: 'low' },
      { effort: 'medium' },
    ]);
    await ann.slash('/ask', '--effort evil why?', { channel: general });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toMatch(/^`effort` must be one of `none`, `minimal`, `low`/);
    await ann.slash('/models', '', { channel: general });
    await until(() => ann.privateTexts(general).length === 2);
    expect(ann.privateTexts(general)[1]?.text).toContain(
      'effort minimal, low, medium (all that `free` allows)',
    );
    expect(bot.provider.chats).toHaveLength(2);
    expect(slack.violations).toEqual([]);
  });

  it('gives people from connected workspaces a tier of their own, whatever the workspace has; its guests keep that', async () => {
    const { bot, slack, general } = await setUp({ defaultTier: 'premium' });
    const models = ['--model gpt-4o why?', 'why?'] as const;
    const sam = slack.user('Sam', { teamId: 'TELSEWHERE' });
    const guest = slack.user('Gus', { isGuest: true });
    for (const person of [sam, guest]) slack.join(general, person);
    const asked = () => bot.provider.chats.map(({ body }) => body.model);
    await sam.slash('/ask', models[0], { channel: general });
    await until(() => sam.privateTexts(general).length === 1);
    expect(sam.privateTexts(general)[0]?.text).toMatch(
      /GPT-4o.* needs the tier .*; people from elsewhere have `free` in this workspace\. .*SLACK_CONNECT_TIER/,
    );
    expect(asked()).toEqual([]);
    await sam.slash('/ask', models[1], { channel: general });
    await until(() => asked().length === 1);
    expect(asked()[0]).toMatch(/:free$/);
    await guest.slash('/ask', models[0], { channel: general });
    await until(() => asked().length === 2);
    expect(asked()[1]).toBe('openai/gpt-4o');
  });

  it('stops for the asker and for admins, at the provider, and for nobody else', async () => {
    const { bot, slack, ann, bob, boss, general, mention, endedAt } = await setUp();
    const live = bot.provider.live();
    const { ts } = ann.say(general, `${mention} count`);
    await live.text('one, two');
    await until(() => slack.messages(general, ts).length === 2);
    const growing = slack.messages(general, ts)[1] as SeenMessage;
    await bob.click(growing, 'Stop');
    await until(() => bob.privateTexts(general).length === 1);
    expect(bob.privateTexts(general)[0]?.text).toBe(
      'Only the person who asked or an admin can stop this answer.',
    );
    await boss.click(growing, 'Stop');
    expect(await (await live.request).closed).toBe('aborted');
    expect((await endedAt(general, ts)).text).toBe(`one, two\nStopped by Boss. ${LISTENING_NOTE}`);
  });

  it('names an agent session after its first answer, and once', async () => {
    const { bot, slack, ann, endedAt } = await setUp({
      agentView: true,
      defaultTier: 'premium',
      automatic: new Set(['titles']),
    });
    for (const text of ['Blue.', 'Colour of the sky', 'Scattering.']) bot.provider.answer(text);
    const { ts } = ann.say(ann.dm, 'What colour has it?');
    await endedAt(ann.dm, ts);
    await until(() => slack.sessions.titles.get(`${ann.dm}:${ts}`) === 'Colour of the sky');
    ann.say(ann.dm, 'Why?', { thread: ts });
    await endedAt(ann.dm, ts, 2);
    expect(bot.provider.chats).toHaveLength(3);
    expect(slack.requests.filter(({ method }) => method === 'agents.sessions.rename')).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });

  it('stops where Slack’s own stop is pressed, and says so under what had arrived', async () => {
    const { bot, slack, ann, endedAt } = await setUp({ agentView: true });
    const live = bot.provider.live();
    const { ts } = ann.say(ann.dm, 'count');
    await live.text('one, two');
    await until(() => slack.messages(ann.dm, ts)[1]?.text === 'one, two');
    expect(slack.messages(ann.dm, ts)[1]?.streaming).toBe(true);
    ann.stopSession(ann.dm, ts);
    expect(await (await live.request).closed).toBe('aborted');
    expect(await endedAt(ann.dm, ts)).toMatchObject({ text: 'one, two\nStopped by Ann.', streaming: false });
    await until(() => slack.sessions.statuses.get(`${ann.dm}:${ts}`)?.at(-1) === 'active');
    expect(slack.violations).toEqual([]);
  });

  it('stops where the question is deleted', async () => {
    const { bot, slack, ann, general, mention } = await setUp();
    const live = bot.provider.live();
    const question = ann.say(general, `${mention} count`);
    await live.text('one, two');
    await until(() => slack.messages(general, question.ts).length === 2);
    ann.remove(question);
    expect(await (await live.request).closed).toBe('aborted');
  });

  it('answers again below, and takes the buttons off the old answer', async () => {
    const { bot, slack, ann, general, mention, endedAt } = await setUp();
    bot.provider.answer('First.');
    const { ts } = ann.say(general, `${mention} hi`);
    const first = await endedAt(general, ts);
    bot.provider.answer('Second.');
    await until(() => bot.logged().includes('"answered"'));
    await ann.click(first, 'Retry…');
    await until(() => ann.modal() !== '');
    await ann.submit();
    await until(
      () =>
        slack.messages(general, ts).length === 3 && slack.message(general, first.ts)?.buttons.length === 0,
    );
    expect((await endedAt(general, ts)).text).toBe('Second.');
    expect(slack.message(general, first.ts)?.text).toBe(`First.\n${LISTENING_NOTE}`);
  });

  it('answers again with the model that is searched for in the form', async () => {
    const { bot, slack, ann, bob, general, mention, endedAt } = await setUp();
    bot.provider.answer('First.');
    const { ts } = ann.say(general, `${mention} hi`);
    const first = await endedAt(general, ts);
    bot.provider.answer('Second.');
    await until(() => bot.logged().includes('"answered"'));
    await bob.click(first, 'Retry…');
    await until(() => bob.privateTexts(general).length === 1);
    expect(bob.privateTexts(general)[0]?.text).toContain('Only Ann or an admin');
    expect(bob.modal()).toBe('');
    await ann.click(first, 'Retry…');
    await until(() => ann.modal() !== '');
    const opened = slack.requests.findLast(({ method }) => method === 'views.open');
    expect(opened?.args['view'], 'as processes of 0.1.0 know it').toMatchObject({
      callback_id: 'press-form',
    });
    const [label = ''] = await ann.search('model', '');
    await ann.submit({ model: label });
    await until(() => slack.messages(general, ts).length === 3);
    expect((await endedAt(general, ts)).text).toBe('Second.');
    expect(bot.provider.chats[1]?.body.model).not.toBe(bot.provider.chats[0]?.body.model);
    expect(slack.violations).toEqual([]);
  });

  it.each(['its own pair of buttons', 'plain ones, where Slack does not take those'])(
    'asks what people think of an answer, with %s',
    async (look) => {
      const isOwn = look.startsWith('its');
      const { bot, slack, ann, bob, general, mention, endedAt } = await setUp();
      const messages = ['unsupported type: context_actions [json-pointer:/blocks/2/type]'];
      const matches = ({ blocks }: Record<string, unknown>) =>
        JSON.stringify(blocks).includes('context_actions');
      for (const method of isOwn ? [] : ['chat.update', 'chat.postMessage'])
        slack.faults.add({
          method,
          matches,
          times: 9,
          how: { kind: 'error', error: 'invalid_blocks', messages },
        });
      bot.provider.answer('**First.**');
      const { ts } = ann.say(general, `${mention} hi`);
      const first = await endedAt(general, ts);
      expect(first.raw.blocks?.[0]).toMatchObject({ type: 'markdown', text: '**First.**' });
      await bob.click(first, isOwn ? 'Good answer' : '👍');
      await until(() => bob.privateTexts(general).length === 1);
      expect(bob.privateTexts(general)[0]?.text).toContain('noted as a good answer');
      await ann.click(first, isOwn ? 'Bad answer' : '👎');
      await until(() => ann.modal() !== '');
      await ann.submit({ reason: 'Too short' });
      await until(() => ann.privateTexts(general).length === 1);
      const kept = await Array.fromAsync(bot.services.feedback.query({}));
      expect(kept.map(({ verdict, reason, userName }) => [userName, verdict, reason])).toEqual([
        ['Ann', 'bad', 'Too short'],
        ['Bob', 'good', undefined],
      ]);
      expect(slack.violations).toEqual([]);
    },
  );

  it('summarises a thread, in the direct messages of who chose it from the menu, or where it was mentioned', async () => {
    const { bot, slack, ann, bob, general, mention, endedAt } = await setUp();
    const root = ann.say(general, 'Shall we meet on Monday?');
    const inside = bob.say(general, 'Tuesday is better.', { thread: root.ts });
    bot.provider.answer('Tuesday.');
    await ann.shortcut('menu-summarise', inside);
    await until(() => slack.messages(ann.dm).length > 0);
    const question = slack.messages(ann.dm)[0];
    expect(question?.text).toContain('Summarise this thread');
    expect((await endedAt(ann.dm, question?.ts ?? '')).text).toBe('Tuesday.');
    const thread = /^Summarise this thread[\s\S]*Shall we meet on Monday\?[\s\S]*Tuesday is better\./;
    expect(saidIn(bot.provider.chats[0]?.body)[0]).toMatch(thread);

    bot.provider.answer('Tuesday, all say.');
    bob.say(general, `${mention} /summarise`, { thread: root.ts });
    expect((await endedAt(general, root.ts)).text).toContain('Tuesday, all say.');
    expect(saidIn(bot.provider.chats[1]?.body)[0]).toMatch(thread);
    expect(saidIn(bot.provider.chats[1]?.body)[0]).not.toContain('/summarise');

    await ann.shortcut('menu-summarise', ann.say(general, 'Nobody answers this.'));
    await until(() => ann.privateTexts(general).some(({ text }) => text.includes('There is no thread here')));
    expect(bot.provider.chats).toHaveLength(2);
    expect(slack.violations).toEqual([]);
  });

  it('summarises a long thread, in the direct messages of whoever presses the button under an answer in it', async () => {
    const { bot, slack, ann, bob, general, mention, endedAt } = await setUp();
    const root = ann.say(general, 'When shall we meet?');
    for (let day = 1; day <= 10; day++) bob.say(general, `On day ${day}?`, { thread: root.ts });
    bot.provider.answer('On day 3.');
    ann.say(general, `${mention} which one?`, { thread: root.ts });
    const answer = await endedAt(general, root.ts);
    expect(answer.buttons.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['Retry…', 'Stop listening', 'Summarise thread']),
    );
    bot.provider.answer('Bob offers ten days.');
    await bob.click(answer, 'Summarise thread');
    await until(() => slack.messages(bob.dm).length > 0);
    const question = slack.messages(bob.dm)[0];
    expect((await endedAt(bob.dm, question?.ts ?? '')).text).toBe('Bob offers ten days.');
    expect(saidIn(bot.provider.chats.at(-1)?.body)[0]).toMatch(
      /^Summarise this thread[\s\S]*When shall we meet\?[\s\S]*On day 10\?/,
    );
    expect(slack.violations).toEqual([]);
  });

  it('deletes an answer for its asker, and forgets one that an admin deletes by hand', async () => {
    const { bot, slack, ann, bob, general, mention, endedAt, questionsTo } = await setUp();
    bot.provider.answer('First.');
    const { ts } = ann.say(general, `${mention} one?`);
    const first = await endedAt(general, ts);
    const answered = (count: number) => until(() => bot.logged().split('"answered"').length > count);
    await answered(1);
    await bob.shortcut('delete-answer', first);
    await until(() => bob.privateTexts(general).length === 1);
    expect(bob.privateTexts(general)[0]?.text).toContain('Only Ann or an admin can delete');
    await ann.shortcut('delete-answer', first);
    await until(() => slack.messages(general, ts).length === 1);
    await until(() => ann.privateTexts(general).some(({ text }) => text.includes('is deleted')));
    bot.provider.answer('Second.');
    ann.say(general, 'two?', { thread: ts });
    const second = await endedAt(general, ts);
    await answered(2);
    ann.remove(second);
    await until(() => slack.messages(general, ts).length === 2);
    bot.provider.answer('Third.');
    await expect
      .poll(async () => {
        const { turns = [] } =
          (await bot.services.chat.conversationAt({
            guild: `slack:${slack.teamId}`,
            channel: general,
            key: `slack:${slack.teamId}/${general}/${ts}`,
          })) ?? {};
        return turns.length;
      })
      .toBe(0);
    ann.say(general, 'three?', { thread: ts });
    await endedAt(general, ts);
    expect(questionsTo(bot.provider).at(-1)).toContain('three?');
    expect(saidIn(bot.provider.chats.at(-1)?.body).join()).not.toMatch(/First|Second/);
    expect(slack.violations).toEqual([]);
  });

  it('keeps a private answer between the two, and goes on in its thread', async () => {
    const { bot, slack, ann, bob, general, endedAt, questionsTo } = await setUp();
    bot.provider.answer('Nobody knows.');
    await ann.slash('/ask', '--private who am I?', { channel: general });
    await until(() => slack.messages(ann.dm).length === 1);
    const root = slack.messages(ann.dm)[0]?.ts ?? '';
    expect((await endedAt(ann.dm, root)).text).toBe('Nobody knows.');
    bot.provider.answer('Truly.');
    ann.say(ann.dm, 'really?', { thread: root });
    await endedAt(ann.dm, root, 2);
    expect(questionsTo(bot.provider)).toEqual(['who am I?', 'really?']);
    expect(bot.provider.chats[1]?.body.messages).toHaveLength(4);
    expect([...slack.messages(general), ...bob.privateTexts(general)]).toEqual([]);
  });

  it('forgets a thread by a command behind a mention, and says how where a slash command cannot', async () => {
    const { bot, ann, general, mention, endedAt } = await setUp();
    bot.provider.answer('Hello.');
    const { ts } = ann.say(general, `${mention} hi`);
    await endedAt(general, ts);
    ann.say(general, `${mention} /forget`, { thread: ts });
    await until(() => ann.privateTexts(general).length === 1);
    expect(ann.privateTexts(general)[0]?.text).toContain('Deleted this conversation.');
    await ann.slash('/help', '', { channel: general });
    await until(() => ann.privateTexts(general).length === 2);
    expect(ann.privateTexts(general)[1]?.text).toContain(
      'Slash commands do not work in Slack threads. Mention me with the command instead: `@parley /model …`, `/stop` or `/forget`.',
    );
  });

  it('limits each person in a user group, whom an admin mentions behind a slash or in a message', async () => {
    const { bot, slack, ann, bob, boss, general, mention, endedAt } = await setUp({
      limits: limitsSchema.parse(undefined),
    });
    const interns = slack.userGroup('interns', [ann]);
    const told = async (person: Person, count: number) => {
      await until(() => person.privateTexts(general).length === count);
      return person.privateTexts(general).at(-1)?.text;
    };
    const toOne = '--limit requests-per-day --to 1';
    await ann.slash('/limits', `${toOne} --role <!subteam^${interns}>`, { channel: general });
    expect(await told(ann, 1)).toMatch(/Only an admin/);
    await boss.slash('/limits', `${toOne} --role <!subteam^${interns}>`, { channel: general });
    expect(await told(boss, 1)).toMatch(new RegExp(`Limits of the user group ${interns}.*1 request`, 's'));
    boss.say(general, `${mention} /limits --role <!subteam^${interns}>`);
    expect(await told(boss, 2)).toMatch(new RegExp(`Limits of the user group ${interns}.*1 request`, 's'));
    await boss.slash('/limits', `--user <@${bob.id}>`, { channel: general });
    expect(await told(boss, 3)).toContain(`For ${slack.teamId}/${bob.id}:`);

    for (const person of [ann, bob, bob]) {
      bot.provider.answer('Yes.');
      const { ts } = person.say(general, `${mention} hi`);
      await endedAt(general, ts);
    }
    ann.say(general, `${mention} and again?`);
    expect(await told(ann, 2)).toMatch(/Daily limit reached \(1 request\)/);
    await ann.slash('/limits', '', { channel: general });
    expect(await told(ann, 3)).toMatch(/1 request\*+ \(set by an admin for a user group\)/);
    expect(slack.requests.filter(({ method }) => method === 'usergroups.list')).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });

  it('fills the home tab', async () => {
    const { slack, boss } = await setUp();
    boss.openHome();
    await until(() => boss.home() !== '');
    expect(boss.home()).toContain('*Llama 3.2 3B (Free)*');
    expect(boss.home()).toContain('[Choose a model for everybody]');
    expect(slack.violations).toEqual([]);
  });
});

describe('a channel that the bot is invited to', () => {
  it('is greeted once, by what the app created from the manifest is told', async () => {
    const { slack, ann } = await setUp();
    const garden = slack.channel('garden', [ann], { bot: false });
    slack.inviteBot(garden);
    await until(() => slack.messages(garden).length === 1);
    expect(slack.messages(garden)[0]?.text).toMatch(
      /I bring language models into this channel.*\/ask.*\/help/s,
    );
    slack.removeBot(garden);
    slack.inviteBot(garden);
    const orchard = slack.channel('orchard', [ann], { bot: false });
    slack.inviteBot(orchard);
    await until(() => slack.messages(orchard).length === 1);
    expect(slack.messages(garden)).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });
});

describe('a question that waits for a slot', () => {
  it('says in a channel to its asker alone how it stands in the queue', async () => {
    const { bot, ann, bob, general, mention, endedAt } = await setUp({ maxStreamsPerGuild: 1 });
    const first = bot.provider.live();
    ann.say(general, `${mention} Why?`);
    await first.request;
    const { ts } = bob.say(general, `${mention} And why not?`);
    await until(() => bob.privateTexts(general).some(({ text }) => /number 1 in the queue/.test(text)));
    bot.provider.answer('Second.');
    await first.text('First.');
    await first.finish();
    await endedAt(general, ts);
    expect(ann.privateTexts(general)).toEqual([]);
  });

  it('says it in direct messages, and takes it back', async () => {
    const { bot, slack, ann, bob, general, mention } = await setUp({ maxStreamsPerGuild: 1 });
    const first = bot.provider.live();
    ann.say(general, `${mention} Why?`);
    await first.request;
    bob.say(bob.dm, 'And why not?');
    const told = () => slack.messages(bob.dm).some(({ text }) => /number 1 in the queue/.test(text));
    await until(told);
    bot.provider.answer('Second.');
    await first.text('First.');
    await first.finish();
    await until(() => slack.messages(bob.dm).some(({ text }) => text.includes('Second.')));
    await until(() => !told());
    expect(slack.violations).toEqual([]);
  });
});
