import { afterEach, describe, expect, it } from 'vitest';
import type { Reopened } from '../../../../src/core/ports/adapter.ts';
import type { MessageView, Surface } from '../../../../src/core/ports/surface.ts';
import { longAnswer } from '../../../support/long-answer.ts';
import { type Bench, type BenchOptions, openBench, until } from '../harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp(options: BenchOptions = {}) {
  bench = await openBench(options);
  const { slack } = bench;
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  return { ...bench, ann, general };
}

const never = new AbortController().signal;
const ANSWER = 'answer-1';

function view(text: string, kind: 'stop' | 'retry' = 'stop'): MessageView {
  const status = kind === 'stop' ? 'streaming' : 'interrupted';
  return { text, source: text, status, note: null, footer: null, buttons: [{ kind, answerId: ANSWER }] };
}

async function surfaceOf(index = 0): Promise<Surface> {
  const { recorded } = bench;
  await until(() => recorded.messages.length > index || recorded.commands.length > index);
  const surface = (recorded.messages[index] ?? recorded.commands[index])?.surface;
  if (surface === undefined) throw new Error('nothing came');
  return surface;
}

async function reopened(surface: Surface, answerId: string | null = ANSWER): Promise<Reopened | null> {
  const { reference } = surface;
  if (reference === undefined) throw new Error('the surface has no reference');
  return (await bench.adapter.reopen?.({ reference, answerId }, never)) ?? null;
}

describe('a place that a dead process left on Slack', () => {
  it('is found with the message that was growing, its text read back, and can be ended', async () => {
    const { slack, ann, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    const surface = await surfaceOf();
    const text = 'One **two** `<T>` &lt; <@U0ABC> &amp; three';
    const live = await surface.openMessage(view(text), never);
    const found = await reopened(surface);
    expect(found?.message).toMatchObject({ text, isEnded: false });
    expect(found?.message?.live.key).toBe(live.key);
    expect(found?.message?.live.threadKey).toBe(live.threadKey);
    await found?.message?.live.update(view(`${text} four`, 'retry'), never);
    expect(slack.messages(general, question.ts)).toHaveLength(2);
    expect(slack.messages(general, question.ts)[1]?.buttons.map(({ label }) => label)).toEqual(['Retry…']);
    expect((await reopened(surface))?.message?.isEnded).toBe(true);
    expect(slack.violations).toEqual([]);
  });

  it('is found where Slack gives its own rendering back instead of Markdown', async () => {
    const { slack, ann, general } = await setUp({ rendersMarkdown: true });
    ann.say(general, `<@${slack.app.botUserId}> hi`);
    const surface = await surfaceOf();
    const short = 'One **two** `<T>` &lt; three https://example.com/a?b=c';
    const live = await surface.openMessage(view(short), never);
    expect((await reopened(surface))?.message?.text).toBe(short);
    const long = `${longAnswer(900)} 😀 https://example.com/a`;
    await live.update(view(long), never);
    const read = (await reopened(surface))?.message?.text ?? '';
    expect(read).toContain('😀 https://example.com/a');
    expect(read.length).toBeGreaterThan(long.length / 2);
    expect(read.length).toBeLessThanOrEqual(long.length);
  });

  it('loses what was said in direct messages of a question that waits, and nothing else', async () => {
    const { slack, ann } = await setUp();
    ann.say(ann.dm, 'Why?');
    const surface = await surfaceOf();
    surface.indicate('queued');
    surface.waits?.('Your question is number 3 in the queue.');
    const texts = () => slack.messages(ann.dm).map(({ text }) => text);
    await until(() => texts().length === 2);
    expect((await reopened(surface, null))?.message).toBeNull();
    await until(() => texts().length === 1);
    expect(texts()).toEqual(['Why?']);
    await until(() => slack.messages(ann.dm)[0]?.reactions.length === 0);
    expect(slack.violations).toEqual([]);
  });

  it('has no message yet where nothing was shown, and goes on in the right thread', async () => {
    const { slack, ann, general } = await setUp();
    await ann.slash('/ask', 'why?', { channel: general });
    const surface = await surfaceOf();
    const before = await reopened(surface);
    expect(before?.message).toBeNull();
    await before?.surface.openMessage(view('Because', 'retry'), never);
    const [question] = slack.messages(general);
    expect(slack.messages(general, question?.ts).map(({ text }) => text)).toEqual([
      '*Ann* asked:\n> why?',
      'Because',
    ]);
  });

  it('is not given a second question where the first one stands', async () => {
    const { slack, ann, general } = await setUp();
    await ann.slash('/ask', 'why?', { channel: general });
    const surface = await surfaceOf();
    surface.indicate('working');
    await until(() => slack.messages(general).length === 1);
    await until(() => surface.reference?.includes('"standing"') ?? false);
    const found = await reopened(surface);
    await found?.surface.openMessage(view('Because', 'retry'), never);
    expect(slack.messages(general)).toHaveLength(1);
    expect(slack.messages(general, slack.messages(general)[0]?.ts)).toHaveLength(2);
  });

  it('does not take a message of others for its own, whatever metadata that has', async () => {
    const { slack, ann, general } = await setUp();
    await ann.slash('/ask', 'why?', { channel: general });
    const surface = await surfaceOf();
    const lost = surface.reference ?? '';
    const { id } = (JSON.parse(lost) as { root: { post: { id: string } } }).root.post;
    const forged = { event_type: 'parley_message', event_payload: { id, answer: ANSWER, index: 4 } };
    await surface.openMessage({ ...view('Because'), mark: { answerId: ANSWER, index: 0 } }, never);
    const question = slack.messages(general)[0]?.ts ?? '';
    ann.say(general, 'Go on here.', { metadata: forged });
    ann.say(general, 'I am the rest.', { thread: question, metadata: forged });
    const found = await bench.adapter.reopen?.({ reference: lost, answerId: ANSWER }, never);
    expect(found).toMatchObject({ message: { text: 'Because' }, sealed: 0, sealedKeys: [] });
  });

  it('ends a stream of Slack’s that would stay open, and goes on in its message', async () => {
    const { slack, ann } = await setUp({ agentView: true });
    const question = ann.say(ann.dm, 'hi');
    const surface = await surfaceOf();
    await surface.openMessage(view('One two'), never);
    expect(slack.messages(ann.dm, question.ts)[1]?.streaming).toBe(true);
    const found = await reopened(surface);
    expect(found?.message).toMatchObject({ text: 'One two', isEnded: false });
    await found?.message?.live.update(view('One two', 'retry'), never);
    expect(slack.messages(ann.dm, question.ts).slice(1)).toMatchObject([
      { text: 'One two', streaming: false },
    ]);
    expect(slack.messages(ann.dm, question.ts)[1]?.buttons.map(({ label }) => label)).toEqual(['Retry…']);
  });

  it('does not take a stream for the growing message once it is complete', async () => {
    const { ann } = await setUp({ agentView: true });
    ann.say(ann.dm, 'hi');
    const surface = await surfaceOf();
    const first = await surface.openMessage(view('One two'), never);
    await first.update({ ...view('One two'), status: 'sealed', buttons: [] }, never);
    expect((await reopened(surface))?.message).toBeNull();
    const second = await surface.openMessage(view('three'), never);
    expect((await reopened(surface))?.message?.live.key).toBe(second.key);
  });

  it('takes off the sign that the question was seen', async () => {
    const { slack, ann, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    const surface = await surfaceOf();
    surface.indicate('working');
    const eyes = () => slack.message(general, question.ts)?.reactions.length;
    await until(() => eyes() === 1);
    await reopened(surface);
    await until(() => eyes() === 0);
  });

  it('takes no message for the answer’s that is another one’s', async () => {
    const { slack, ann, general } = await setUp();
    ann.say(general, `<@${slack.app.botUserId}> hi`);
    const surface = await surfaceOf();
    await surface.openMessage(view('One'), never);
    expect((await reopened(surface, 'another'))?.message).toBeNull();
  });

  it('says a word to the asker alone where no answer had begun', async () => {
    const { slack, ann, general } = await setUp();
    ann.say(general, `<@${slack.app.botUserId}> hi`);
    const found = await reopened(await surfaceOf(), null);
    await found?.surface.tellPrivately({ text: 'Try again.' }, never);
    expect(ann.privateTexts(general).map(({ text }) => text)).toEqual(['Try again.']);
  });

  it('is nowhere any more where the bot was thrown out, or the reference is none', async () => {
    const { slack, ann, general, adapter } = await setUp();
    ann.say(general, `<@${slack.app.botUserId}> hi`);
    const surface = await surfaceOf();
    await surface.openMessage(view('One'), never);
    slack.removeBot(general);
    expect(await reopened(surface)).toBeNull();
    expect(await adapter.reopen?.({ reference: '{"channel":1}', answerId: ANSWER }, never)).toBeNull();
  });
});
