import { describe, expect, it, onTestFinished } from 'vitest';
import { saidIn } from '../../support/said.ts';
import { connectToSlack, openSlack } from '../../support/slack/parley.ts';
import type { SeenMessage } from '../../support/slack/reading.ts';
import { createTestBot } from '../../support/test-bot.ts';
import { until } from './harness.ts';

/** All of Parley behind the real Bolt, in so many processes on one store. */
async function setUp({ processes = 1, agentView = false } = {}) {
  const bot = await createTestBot();
  onTestFinished(bot.close);
  const slack = await openSlack({ agentView });
  const { store, provider } = bot;
  for (let process = 0; process < processes; process++) {
    const core = process === 0 ? bot : await createTestBot({ store, provider });
    if (process > 0) onTestFinished(core.close);
    await connectToSlack(slack, core);
  }

  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  const mention = `<@${slack.app.botUserId}>`;
  const answersIn = (channel: string, thread: string) =>
    slack.messages(channel, thread).filter(({ author }) => author === slack.app.botUserId);
  const readsLast = async (channel: string, ts: string) => {
    const place = {
      guild: `slack:${slack.teamId}`,
      channel,
      key: `slack:${slack.teamId}/${channel}/${ts}`,
    } as const;
    const { turns = [] } = (await bot.services.chat.conversationAt(place)) ?? {};
    return turns.map(({ question, answer }) => [question, answer]);
  };
  return { bot, slack, provider, ann, general, mention, answersIn, readsLast };
}

const labels = (message: SeenMessage | undefined) => message?.buttons.map(({ label }) => label) ?? [];
const has = (message: SeenMessage | undefined, text: string) =>
  message?.text.startsWith(text) === true && labels(message).includes('Retry…');

describe('a question on Slack that is edited', () => {
  it.each([1, 2])(
    'while its answer grows is answered anew in the same message, as one turn, by %d processes',
    async (processes) => {
      const { bot, slack, provider, ann, general, mention, answersIn, readsLast } = await setUp({
        processes,
      });
      const first = provider.live();
      const { ts } = ann.say(general, `${mention} what is the capital of Austria?`);
      await first.text('Vienna, which');
      await until(() => labels(answersIn(general, ts)[0]).includes('Stop'));
      provider.answer('Canberra.');
      ann.edit({ channel: general, ts }, `${mention} what is the capital of Australia?`);
      expect(await (await first.request).closed).toBe('aborted');
      await until(() => has(answersIn(general, ts).at(-1), 'Canberra.'));
      expect(answersIn(general, ts)).toHaveLength(1);
      expect(saidIn(provider.chats[1]?.body)).toEqual(['what is the capital of Australia?']);
      expect(await readsLast(general, ts)).toEqual([['what is the capital of Australia?', 'Canberra.']]);
      expect(await bot.ledger.openReservations({ guild: `slack:${slack.teamId}` })).toEqual([]);
      expect(provider.chats).toHaveLength(2);
      expect(slack.violations).toEqual([]);
    },
  );

  it('in the agent view takes the place of a stream', async () => {
    const { slack, provider, ann, answersIn } = await setUp({ agentView: true });
    const first = provider.live();
    const { ts } = ann.say(ann.dm, 'what is the capital of Austria?');
    await first.text('Vienna, which is quite a long way from the sea, all things considered.');
    await until(() => answersIn(ann.dm, ts).length === 1);
    provider.answer('Canberra.');
    ann.edit({ channel: ann.dm, ts }, 'what is the capital of Australia?');
    await until(() => has(answersIn(ann.dm, ts).at(-1), 'Canberra.'));
    expect(answersIn(ann.dm, ts)).toHaveLength(1);
    expect(slack.violations).toEqual([]);
  });

  it('after its answer has ended is asked by a button alone', async () => {
    const { slack, provider, ann, general, mention, answersIn, readsLast } = await setUp({ processes: 2 });
    provider.answer('Vienna.');
    const { ts } = ann.say(general, `${mention} what is the capital of Austria?`);
    const question = { channel: general, ts };
    await until(() => has(answersIn(general, ts)[0], 'Vienna.'));
    const footer = answersIn(general, ts)[0]?.footer;
    ann.preview(question);
    ann.edit(question, `${mention} what is the capital of Australia?`);
    await until(() => labels(answersIn(general, ts)[0]).includes('Answer the edited question'));
    ann.preview(question);
    await until(() => slack.undelivered === 0);
    const [answer] = answersIn(general, ts);
    expect(answer).toMatchObject({ footer, text: expect.stringMatching(/^Vienna\./) });
    expect(labels(answer)).toContain('Retry…');
    expect(provider.chats).toHaveLength(1);
    provider.answer('Canberra.');
    if (answer) await ann.click(answer, 'Answer the edited question');
    await until(() => has(answersIn(general, ts).at(-1), 'Canberra.'));
    expect(saidIn(provider.chats[1]?.body)).toEqual(['what is the capital of Australia?']);
    expect(await readsLast(general, ts)).toEqual([['what is the capital of Australia?', 'Canberra.']]);
    expect(slack.violations).toEqual([]);
  });

  it('is not sent again where it holds a key now: its answer stops, and the asker learns why', async () => {
    const { provider, ann, general, mention, answersIn } = await setUp();
    const first = provider.live();
    const { ts } = ann.say(general, `${mention} what is wrong with my key?`);
    await first.text('Which');
    await until(() => answersIn(general, ts).length === 1);
    ann.edit(
      { channel: general, ts },
      `${mention} what is wrong with sk-or-v1-${'0123456789abcdef'.repeat(4)}?`,
    );
    expect(await (await first.request).closed).toBe('aborted');
    await until(() => has(answersIn(general, ts)[0], 'Which'));
    await until(() => ann.privateTexts(general).some(({ text }) => /revoke the key/.test(text)));
    expect(provider.chats).toHaveLength(1);
  });

  it('is not asked by itself where it was no question before', async () => {
    const { slack, provider, ann, general, mention, answersIn } = await setUp();
    const talk = ann.say(general, 'good morning');
    ann.edit(talk, `${mention} good morning`);
    await until(() => slack.undelivered === 0);
    provider.answer('Good evening.');
    const { ts } = ann.say(general, `${mention} good evening`);
    await until(() => has(answersIn(general, ts)[0], 'Good evening.'));
    expect(provider.chats).toHaveLength(1);
  });
});
