import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../../src/commands/index.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { createTestBot } from '../../support/test-bot.ts';
import { openBench, until } from './harness.ts';

/** @param finished of the test's context if it runs beside others */
async function setUp(finished = onTestFinished) {
  const clock = createFastClock(20);
  const bot = await createTestBot({ clock });
  finished(bot.close);
  const bench = await openBench({ commands, dispatch: bot.dispatch, clock });
  finished(bench.close);
  const { slack } = bench;
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  const ask = (channel = general) => ann.say(channel, `<@${slack.app.botUserId}> why?`).ts;
  const told = () =>
    [
      ...slack.messages(ann.dm).filter(({ author }) => author === slack.app.botUserId),
      ...ann.privateTexts(general),
    ].map(({ text }) => text);
  return { bot, slack, ann, general, ask, told };
}

describe('where the bot may not post on Slack', () => {
  it.each([
    ['restricted_action', {}, 'I may not post in this channel'],
    ['restricted_action_read_only_channel', {}, 'read-only'],
    ['restricted_action_non_threadable_channel', {}, 'no threads'],
  ])(
    'the asker learns it, and the next question there costs nothing (%s)',
    async (error, properties, words) => {
      const { bot, slack, general, ask, told } = await setUp();
      const live = bot.provider.live();
      slack.restrict(general, error, properties);
      ask();
      await (await live.request).closed;
      await until(() => told().length === 1);
      expect(told()[0]).toContain(words);
      ask();
      await until(() => told().length === 2);
      expect(bot.provider.chats).toHaveLength(1);
      slack.restrict(general, null);
    },
  );

  it('a thread that is locked before the answer begins ends the request, and locks out no more than that thread', async () => {
    const { bot, slack, ann, general, ask, told } = await setUp();
    const live = bot.provider.live();
    slack.restrict(general, 'restricted_action_thread_locked');
    const thread = ask();
    await live.text('No.');
    expect(await (await live.request).closed).toBe('aborted');
    await until(() => told().length === 1);
    expect(told()[0]).toContain('This thread is locked');
    ann.say(general, `<@${slack.app.botUserId}> and now?`, { thread });
    await until(() => told().length === 2);
    expect(bot.provider.chats).toHaveLength(1);
    slack.restrict(general, null);
    bot.provider.answer('Yes.');
    const second = ask();
    await until(() => slack.messages(general, second).some(({ text }) => text.startsWith('Yes.')));
  });

  it.each([
    ['is_archived', { is_archived: true }, 'archived'],
    ['restricted_action_read_only_channel', { is_read_only: true }, 'read-only'],
    ['restricted_action', { properties: { threads_restricted_to: { type: ['admin'] } } }, 'may not post'],
  ])('no model is asked if the channel says so beforehand (%s)', async (error, properties, words) => {
    const { bot, slack, general, ask, told } = await setUp();
    slack.restrict(general, error, properties);
    ask();
    await until(() => told().length === 1);
    expect(told()[0]).toContain(words);
    expect(bot.provider.chats).toEqual([]);
  });
});

describe('a refusal that nobody listed', () => {
  it.concurrent.for([
    'team_access_not_granted',
    'access_denied',
    'invalid_arguments',
    'message_limit_exceeded',
  ])(
    'is tried three times, then the answer ends, the asker learns it, and the conversation goes on (%s)',
    async (error, { onTestFinished }) => {
      const { bot, slack, general, ask, told, ann } = await setUp(onTestFinished);
      bot.provider.answer('One.');
      slack.faults.add({ method: 'chat.postMessage', how: { kind: 'error', error }, times: 3 });
      const thread = ask();
      await until(() => told().length === 1);
      expect(told()[0]).toContain('refused the rest of my answer');
      expect(slack.requests.filter(({ method }) => method === 'chat.postMessage')).toHaveLength(3);
      bot.provider.answer('Two.');
      ann.say(general, `<@${slack.app.botUserId}> and now?`, { thread });
      await until(() => slack.messages(general, thread).some(({ text }) => text.startsWith('Two.')));
    },
  );

  it.concurrent.for(['internal_error', 'service_unavailable', 'request_timeout'])(
    'is none that Slack documents as temporary (%s)',
    async (error, { onTestFinished }) => {
      const { bot, slack, general, ask } = await setUp(onTestFinished);
      bot.provider.answer('One.');
      slack.faults.add({ method: 'chat.postMessage', how: { kind: 'error', error }, times: 6 });
      const thread = ask();
      await until(() => slack.messages(general, thread).some(({ text }) => text.startsWith('One.')));
    },
  );
});

describe('a word to one person', () => {
  it('falls back to plain text at each step', async () => {
    const { slack, ann, general, bot } = await setUp();
    slack.refuseMarkdownWhispers();
    await ann.slash('/help', '', { channel: general });
    await until(() => ann.privateTexts(general).length > 0);
    expect(ann.privateTexts(general)[0]?.text).toContain('/ask');
    expect(bot.provider.chats).toEqual([]);
  });

  it('stays without a file that cannot be uploaded, and says so', async () => {
    const { slack, ann, general, bot } = await setUp();
    bot.provider.answer('Yes.');
    const { ts } = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => slack.messages(general, ts).some(({ text }) => text.startsWith('Yes.')));
    slack.faults.add({
      method: 'files.getUploadURLExternal',
      how: { kind: 'error', error: 'storage_limit_reached' },
      times: 9,
    });
    await ann.slash('/export', '', { channel: general });
    await until(() => ann.privateTexts(general).some(({ text }) => text.includes('could not upload')));
  });
});
