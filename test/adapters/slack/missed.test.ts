import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../../src/adapters/slack/api/web-api.ts';
import type { SlackContext } from '../../../src/adapters/slack/context.ts';
import { createMissed } from '../../../src/adapters/slack/inbound/missed.ts';
import { createTasks } from '../../../src/core/kit/scheduling/tasks.ts';
import { systemClock } from '../../../src/core/kit/time/clock.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
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

describe('reading what was missed on Slack', () => {
  const SINCE_MS = Date.UTC(2026, 0, 1);

  /** A workspace with so many channels, two of them direct, that were away since then. */
  function setUp({ channels = 2, threads = 0, history = (): Json => ({ messages: [] }) } = {}) {
    const clock = createFakeClock();
    const { log, lines } = createLogRecorder();
    const tasks = createTasks(log);
    const calls: { method: string; args: Json }[] = [];
    const alive: string[] = [];
    const of = (wanted: string) => calls.filter(({ method }) => method === wanted).map(({ args }) => args);
    let isConnected = true;
    const slack = {
      workspace: {
        team: 'T1',
        async call(method: string, args: Json): Promise<Json> {
          calls.push({ method, args });
          if (method !== 'users.conversations') return history();
          const from = Number(args['cursor'] ?? 0);
          const end = Math.min(channels, from + 150);
          const listed = Array.from({ length: end - from }, (_, index) => ({ id: `C${from + index}` }));
          return { channels: listed, response_metadata: { next_cursor: end < channels ? String(end) : '' } };
        },
      },
      dispatch: {
        away: async () => ({
          sinceMs: SINCE_MS,
          places: [
            { guild: 'slack:T1', key: null },
            { guild: 'slack:T1', key: 'slack:T1/C0' },
            ...Array.from({ length: threads }, (_, index) => ({
              guild: 'slack:T1',
              key: `slack:T1/C0/${index}.5`,
            })),
          ],
        }),
        missed: async () => {},
        alive: async (stream: string) => {
          alive.push(stream);
        },
      },
      clock,
      log,
      tasks,
      signal: new AbortController().signal,
    };
    const missed = createMissed(slack as unknown as SlackContext, () => isConnected);
    onTestFinished(() => missed.stop());
    return {
      clock,
      alive,
      of,
      logged: () => lines.join(''),
      setConnected: (is: boolean) => {
        isConnected = is;
      },
      async connect() {
        missed.connected();
        await tasks.settled();
      },
    };
  }

  it('takes 200 channels at most, and asks for no more of them', async () => {
    const { connect, of } = setUp({ channels: 500 });
    await connect();
    expect(of('users.conversations')).toHaveLength(2);
    expect(of('conversations.history').map(({ channel }) => channel)).toEqual(
      Array.from({ length: 200 }, (_, index) => `C${index}`),
    );
  });

  it('takes the 50 latest threads at most, and three pages of each place', async () => {
    const endless = () => ({ messages: [], response_metadata: { next_cursor: 'more' } });
    const { connect, of } = setUp({ channels: 1, threads: 60, history: endless });
    await connect();
    expect(of('conversations.history')).toHaveLength(3);
    const threads = of('conversations.replies').map(({ ts }) => ts);
    expect(threads).toEqual(Array.from({ length: 50 }, (_, index) => Array(3).fill(`${index}.5`)).flat());
    expect(of('conversations.history')[0]).toMatchObject({ oldest: (SINCE_MS / 1_000).toFixed(6) });
  });

  it('reads on if one channel fails', async () => {
    let reads = 0;
    const { connect, of, alive, logged } = setUp({
      channels: 3,
      history() {
        if (++reads === 1) throw new Error('no history');
        return { messages: [] };
      },
    });
    await connect();
    expect(of('conversations.history')).toHaveLength(3);
    expect(logged()).toMatch(/"channel":"C0".*could not catch up the messages of a channel/);
    expect(alive).toEqual(['slack/T1']);
  });

  it('notes every 15 s how far events have come, once it has caught up and while it is connected', async () => {
    const { connect, alive, clock, setConnected } = setUp();
    await clock.advance(30_000);
    expect(alive).toEqual([]);
    await connect();
    expect(alive).toHaveLength(1);
    await clock.advance(14_999);
    expect(alive).toHaveLength(1);
    await clock.advance(1);
    expect(alive).toHaveLength(2);
    setConnected(false);
    await clock.advance(60_000);
    expect(alive).toHaveLength(2);
  });
});
