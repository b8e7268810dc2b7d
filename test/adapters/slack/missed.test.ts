import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { withoutDay } from '../../support/said.ts';
import { connectToSlack, openSlack } from '../../support/slack/parley.ts';
import { createTestBot, type TestBot } from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { until } from './harness.ts';

const OFFER = 'I was away when you wrote this. Do you still want an answer?';

const questionsTo = ({ provider }: TestBot) =>
  provider.chats.map(({ body }) => withoutDay(String(body.messages.at(-1)?.content)).replace(/^\w+: /, ''));

async function open() {
  const core = await createTestBot();
  onTestFinished(core.close);
  const slack = await openSlack();
  return { core, slack, connect: (bot: TestBot) => connectToSlack(slack, bot) };
}

describe('what people write on Slack while the bot is away', () => {
  it('is answered once after a start, by one of two processes: 20 messages in channels, threads and direct messages', async () => {
    const { core, slack, connect } = await open();
    for (let count = 0; count < 60; count++) core.provider.answer('Yes.');
    const [ann, bob] = [slack.user('Ann'), slack.user('Bob')];
    const [general, random] = [slack.channel('general', [ann, bob]), slack.channel('random', [ann, bob])];
    const bot = `<@${slack.app.botUserId}>`;
    const questions = () => questionsTo(core);

    const first = await connect(core);
    ann.say(ann.dm, 'direct before');
    const root = ann.say(general, `${bot} thread before`);
    await until(
      () => slack.messages(general, root.ts)[1]?.buttons.some(({ label }) => label === 'Retry…') === true,
    );
    await until(() => slack.messages(ann.dm).length === 2);
    await first.stop();

    for (let index = 0; index < 4; index++) {
      ann.say(ann.dm, `direct ${index}`);
      bob.say(general, `thread ${index}`, { thread: root.ts });
      ann.say(general, `${bot} first ${index}`);
      bob.say(random, `${bot} second ${index}`);
      ann.say(random, `chatter ${index}`);
      bob.say(general, `<@${ann.id}> not for the bot`, { thread: root.ts });
    }
    for (const text of ['five', 'six']) {
      ann.say(ann.dm, text);
      bob.say(general, text, { thread: root.ts });
    }

    const processes: TestBot[] = [];
    for (let count = 0; count < 2; count++) {
      const next = await createTestBot({ store: core.store, provider: core.provider });
      onTestFinished(next.close);
      processes.push(next);
    }
    await Promise.all(processes.map(connect));
    const expected = [
      'direct before',
      'thread before',
      'direct 0\ndirect 1\ndirect 2\ndirect 3\nfive\nsix',
      'thread 0\nthread 1\nthread 2\nthread 3\nfive\nsix',
      ...[0, 1, 2, 3].flatMap((index) => [`first ${index}`, `second ${index}`]),
    ];
    await until(() => core.provider.chats.length >= expected.length);
    ann.say(ann.dm, 'and now?');
    await until(() => questions().includes('and now?'));
    expect(
      questions()
        .filter((text) => text !== 'and now?')
        .toSorted(),
    ).toEqual(expected.toSorted());
  });

  const ASK = ['/ask is it?', /^is it\?$/] as const;
  const SUMMARISE = ['/summarise', /^Summarise[\s\S]*The sky is blue\./] as const;
  it.each([
    [...ASK, 'older than ten minutes, is asked about first', 11, OFFER],
    [...ASK, 'newer, is answered at once', 9, 'So it is.'],
    [...SUMMARISE, 'older than ten minutes, is asked about first', 11, OFFER],
    [...SUMMARISE, 'newer, is answered at once', 9, 'So it is.'],
  ] as const)('with `%s`, as %s, where it is %s', async (command, asked, _, agoMin, shown) => {
    const { core, slack, connect } = await open();
    core.provider.answer('Yes.');
    const [ann, bob] = [slack.user('Ann'), slack.user('Bob')];
    const general = slack.channel('general', [ann, bob]);
    const mention = `<@${slack.app.botUserId}>`;
    const first = await connect(core);
    const { ts } = ann.say(general, `${mention} hello`);
    const inThread = () => slack.messages(general, ts);
    const isEnded = (count: number) =>
      inThread().length === count &&
      inThread()
        .at(-1)
        ?.buttons.every(({ label }) => label !== 'Stop');
    await until(() => isEnded(2) === true);
    await waitUntil(async () =>
      expect(await core.dispatch.away('slack', `slack/${slack.teamId}`)).not.toBeNull(),
    );
    await first.stop();

    ann.say(general, `<@${bob.id}> The sky is blue.`, { thread: ts });
    ann.say(general, `${mention} ${command}`, { thread: ts });
    const clock = { ...systemClock, now: () => systemClock.now() + agoMin * 60_000 };
    const next = await createTestBot({ store: core.store, provider: core.provider, clock });
    onTestFinished(next.close);
    core.provider.answer('So it is.');
    await connect(next);
    await until(() => inThread().some(({ text }) => text.startsWith(shown)));
    expect(core.provider.chats).toHaveLength(shown === OFFER ? 1 : 2);
    if (shown !== OFFER) return;
    await until(
      () =>
        inThread()
          .at(-1)
          ?.buttons.some(({ label }) => label === 'Answer now') === true,
    );
    const offer = inThread().at(-1);
    if (offer) await ann.click(offer, 'Answer now');
    await until(() => inThread().some(({ text }) => text.startsWith('So it is.')));
    expect(questionsTo(core).at(-1)).toMatch(asked);
  });
});
