import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { SharedLimiter } from '../../../src/core/delivery/shared-limiter.ts';
import { type Clock, systemClock } from '../../../src/core/kit/time/clock.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { fastPace } from '../../support/fast-pace.ts';
import { longAnswer, wordsOf } from '../../support/long-answer.ts';
import { createFakeProvider, type FakeProvider } from '../../support/provider/fake-provider.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts';
import type { FakeSlack } from '../../support/slack/fake-slack.ts';
import { connectToSlack, openSlack } from '../../support/slack/parley.ts';
import { createTestBot } from '../../support/test-bot.ts';
import { until } from './harness.ts';

const SPEED = 20;
const ANSWERS = 24;
const log = pino({ level: 'silent' });

describeWithRedis('two processes in one Slack workspace', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  async function setUp({ agentView }: { agentView: boolean }) {
    await redis.flush();
    const clock = createFastClock(SPEED);
    const provider = await createFakeProvider();
    onTestFinished(provider.close);
    const slack = await openSlack({ agentView, clock, deliveryClock: systemClock });
    for (let process = 0; process < 2; process++) await startProcess(slack, provider, clock);
    return { clock, provider, slack, ann: slack.user('Ann') };
  }

  async function startProcess(slack: FakeSlack, provider: FakeProvider, clock: Clock): Promise<void> {
    const store = await openStore(redis.url, { clock: systemClock, log });
    onTestFinished(store.close);
    const { pace } = store;
    if (pace === undefined) throw new Error('Redis shares the pace');
    // A machine that is busy must not take Redis for away.
    const sharedLimiter = new SharedLimiter(fastPace(pace, SPEED), { clock: createFastClock(0.1), log });
    onTestFinished(() => sharedLimiter.stop());
    const bot = await createTestBot({ store, provider, steadyClock: clock, sharedLimiter });
    onTestFinished(bot.close);
    await connectToSlack(slack, bot, clock);
  }

  /** The next question is answered bit by bit, for about a minute of the clock's. */
  async function stream(provider: FakeProvider, text: string, clock: Clock): Promise<void> {
    const live = provider.live();
    await live.request;
    for (let from = 0; from < text.length; from += 60) {
      await live.text(text.slice(from, from + 60));
      await clock.sleep(2_000);
    }
    await live.finish();
  }

  /** Asks many questions at once. Each is answered whole, and no call comes too soon. */
  async function expectAnswers(
    { clock, provider, slack }: Awaited<ReturnType<typeof setUp>>,
    ask: (index: number) => Promise<{ readonly channel: string; readonly thread: () => string | undefined }>,
  ): Promise<void> {
    const text = longAnswer(300);
    const streams = Array.from({ length: ANSWERS }, () => stream(provider, text, clock));
    const asked = await Promise.all(Array.from({ length: ANSWERS }, (_, index) => ask(index)));
    await Promise.all(streams);
    const answers = () => asked.map(({ channel, thread }) => slack.messages(channel, thread()).slice(1));
    const haveEnded = () =>
      answers().filter((messages) =>
        messages.some(({ buttons }) => buttons.some(({ label }) => label === 'Retry…')),
      ).length;
    await expect.poll(haveEnded, { timeout: 30_000 }).toBe(ANSWERS);
    for (const messages of answers()) {
      const shown = messages.map((message) => message.text).join('\n');
      expect(wordsOf(shown)).toEqual(wordsOf(text));
    }
    await until(() => slack.requests.every(({ outcome }) => outcome !== null));
    expect(slack.violations).toEqual([]);
  }

  it('answer many questions at once, each whole, without a 429', async () => {
    const context = await setUp({ agentView: false });
    const { slack, ann } = context;
    // Slack hands commands to its connections in turn.
    await expectAnswers(context, async (index) => {
      const channel = slack.channel(`c${index}`, [ann]);
      await ann.slash('/ask', 'why?', { channel });
      return { channel, thread: () => slack.messages(channel)[0]?.ts };
    });
  }, 60_000);

  it('share Slack’s native streams, and show what is above by edits', async () => {
    const context = await setUp({ agentView: true });
    const { slack, ann } = context;
    await expectAnswers(context, async () => {
      const { ts } = ann.say(ann.dm, 'why?');
      return { channel: ann.dm, thread: () => ts };
    });
    const started = slack.requests.filter(({ method }) => method === 'chat.startStream');
    expect(started).toHaveLength(18);
  }, 60_000);
});
