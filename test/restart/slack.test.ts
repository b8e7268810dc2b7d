import { describe, expect, it, vi } from 'vitest';
import { saidIn } from '../support/said.ts';
import { createFakeSlack, type FakeSlackOptions } from '../support/slack/fake-slack.ts';
import { BUSY, expectOnce, LATER, openRestarts, paragraphs, TIMEOUT_MS } from './harness.ts';

const bench = openRestarts();
const { start } = bench;

async function openSlack(options: FakeSlackOptions = {}) {
  const slack = await createFakeSlack(options);
  bench.closeLater(slack);
  const ann = slack.user('Ann');
  const channel = slack.channel('general', [ann]);
  const environment = {
    ...slack.environment,
    PLAYGROUND: 'on',
    AUTOMATIC: 'off',
  };
  const answersIn = (thread: string) =>
    slack.messages(channel, thread).filter(({ author }) => author === slack.app.botUserId);
  const labelsIn = (thread: string) =>
    answersIn(thread).flatMap(({ buttons }) => buttons.map(({ label }) => label));
  return { slack, environment, ann, channel, answersIn, labelsIn };
}

describe('a process on Slack that is killed', () => {
  it('is finished by the next start, in the threads of the questions', { timeout: TIMEOUT_MS }, async () => {
    const { slack, environment, ann, channel, answersIn, labelsIn: labels } = await openSlack();
    const before = await start(environment);
    const silent = bench.provider.live();
    const { ts: first } = ann.say(channel, `<@${slack.app.botUserId}> One?`);
    await silent.request;
    const growing = bench.provider.live();
    const { ts: second } = ann.say(channel, `<@${slack.app.botUserId}> Two?`);
    await growing.text('As far as it got.');
    await vi.waitFor(() => expect(labels(second)).toEqual(['Stop']), { timeout: 60_000 });
    await before.program.kill();

    await start(environment);
    await vi.waitFor(
      () => {
        for (const question of [first, second]) expect(labels(question)).toEqual(['Retry…']);
      },
      { timeout: 120_000, interval: 100 },
    );
    for (const question of [first, second]) expect(answersIn(question)).toHaveLength(1);
    expect(answersIn(second)[0]?.text).toMatch(/^As far as it got\.\nInterrupted/);
  });

  it('has the next start end the answer to an edited question, as one turn', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { slack, environment, ann, channel, answersIn, labelsIn } = await openSlack();
    const before = await start(environment);
    const [first, second] = [bench.provider.live(), bench.provider.live()];
    const mention = `<@${slack.app.botUserId}>`;
    const question = ann.say(channel, `${mention} What is the capital of Austria?`);
    await first.text('Vienna, wh');
    await vi.waitFor(() => expect(labelsIn(question.ts)).toEqual(['Stop']), BUSY);
    ann.edit(question, `${mention} What is the capital of Australia?`);
    await second.text('Canberra, wh');
    await vi.waitFor(() => expect(answersIn(question.ts)[0]?.text).toBe('Canberra, wh'), BUSY);
    await before.program.kill();

    await start({ ...environment, ...LATER });
    await vi.waitFor(() => expect(labelsIn(question.ts)).toEqual(['Retry…']), BUSY);
    expect(answersIn(question.ts)).toHaveLength(1);
    expect(answersIn(question.ts)[0]?.text).toMatch(/^Canberra, wh\nInterrupted/);
    bench.provider.answer('It is.');
    ann.say(channel, 'Sure?', { thread: question.ts });
    await vi.waitFor(() => expect(answersIn(question.ts).at(-1)?.text).toMatch(/^It is\./), BUSY);
    // The conversation knows of one question, as it reads now.
    expect(saidIn(bench.provider.chats.at(-1)?.body)).toEqual([
      'What is the capital of Australia?',
      'Canberra, wh',
      'Sure?',
    ]);
  });
});

describe('a process that is killed when a message was posted and nobody stored it', () => {
  const answer = paragraphs(0, 60);

  it('has the next start find it on Slack: the first, second or third message of an answer, or its question', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { slack, environment, ann } = await openSlack();
    const before = await start(environment);
    const channels = [0, 1, 2, 3, 4].map((number) => slack.channel(`channel ${number}`, [ann]));
    /** Slack posts it and says nothing. */
    const silence = (channel: string, isIt: (metadata: string) => boolean) => {
      const matches = (args: Record<string, unknown>) =>
        args['channel'] === channel && isIt(JSON.stringify(args['metadata'] ?? ''));
      slack.faults.add({ method: 'chat.postMessage', when: 'after', matches, how: { kind: 'silence' } });
      return () => slack.requests.some(({ args }) => matches(args));
    };
    const isPosted = channels.map((channel, number) =>
      silence(channel, (metadata) =>
        number === 4 ? /^(?!.*index).*parley/.test(metadata) : metadata.includes(`"index":${number % 3}`),
      ),
    );
    for (const [number, channel] of channels.entries()) {
      const live = bench.provider.live();
      if (number < 3) ann.say(channel, `<@${slack.app.botUserId}> Question ${number}?`);
      else void ann.slash('/ask', `Question ${number}?`, { channel });
      await live.text(answer);
    }
    await vi.waitFor(() => expect(isPosted.map((check) => check())).not.toContain(false), BUSY);
    await before.program.kill();

    await start({ ...environment, ...LATER });
    const threads = () => channels.map((channel) => slack.messages(channel).map(({ ts }) => ts));
    const inThread = (number: number) => slack.messages(channels[number] ?? '', threads()[number]?.[0]);
    await vi.waitFor(() => {
      for (const number of channels.keys()) {
        expect(
          inThread(number)
            .at(-1)
            ?.buttons.map(({ label }) => label),
        ).toEqual(['Retry…']);
      }
    }, BUSY);
    for (const number of channels.keys()) {
      expectOnce(inThread(number).map(({ text }) => text));
      expect(inThread(number).flatMap(({ buttons }) => buttons)).toHaveLength(1);
    }
    // No question stands twice.
    expect(threads().map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
    expect(slack.violations).toEqual([]);
  });
});

describe('a process that is killed right after it acknowledged a question', () => {
  it('leaves it to the next start, which tells the asker', { timeout: TIMEOUT_MS }, async () => {
    // On a busy machine three seconds pass before the acknowledgement. Slack would send the event again after a minute,
    // and by then the silent look-up has timed out and the question is dealt with.
    const { slack, ann, channel, environment } = await openSlack({ acknowledgeWithinMs: 60_000 });
    const before = await start(environment);
    // Nobody is looked up before it is killed.
    slack.faults.add({ method: 'users.info', how: { kind: 'silence' }, times: 10 });
    ann.say(channel, `<@${slack.app.botUserId}> One?`);
    void ann.slash('/ask', 'Two?', { channel });
    await vi.waitFor(() => expect(slack.requests.some(({ method }) => method === 'users.info')).toBe(true), {
      timeout: 120_000,
    });
    await vi.waitFor(() => expect(slack.undelivered).toBe(0), { timeout: 120_000 });
    await before.program.kill();

    await start(environment);
    await vi.waitFor(() => expect(ann.privateTexts(channel)).toHaveLength(2), {
      timeout: 120_000,
      interval: 100,
    });
    expect(bench.provider.chats).toHaveLength(0);
  });
});
