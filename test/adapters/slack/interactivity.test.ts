import { afterEach, describe, expect, it } from 'vitest';
import { defineCommand } from '../../../src/core/command.ts';
import { BUTTONS, type Button, buttonRow, PRESS_KINDS } from '../../../src/core/ports/buttons.ts';
import type { MessageView } from '../../../src/core/ports/surface.ts';
import { createFastClock } from '../../support/fast-clock.ts';
import { type Bench, type BenchOptions, COMMANDS, openBench, until } from './harness.ts';

let bench: Bench;
afterEach(() => bench.close());

async function setUp(options: BenchOptions = {}) {
  bench = await openBench(options);
  const { slack } = bench;
  const ann = slack.user('Ann');
  const bob = slack.user('Bob');
  const general = slack.channel('general', [ann, bob]);
  return { ...bench, ann, bob, general };
}

const never = new AbortController().signal;
const view = (
  text: string,
  button: Button['kind'],
  status: MessageView['status'] = 'streaming',
): MessageView => ({
  text,
  source: text,
  status,
  note: null,
  footer: null,
  buttons: [{ kind: button, answerId: 'answer-1' }],
});

describe('buttons on Slack', () => {
  it('brings a press with who pressed it and where, and says refusals to that person alone', async () => {
    const { slack, recorded, ann, bob, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length > 0);
    await recorded.messages[0]?.surface.openMessage(view('Hello', 'stop'), never);
    const [, answer] = slack.messages(general, question.ts);
    if (answer === undefined) throw new Error('no answer');
    expect(await bob.click(answer, 'Stop')).toMatchObject({ acked: true });
    await until(() => recorded.presses.length === 1);
    const press = recorded.presses[0];
    expect(press).toMatchObject({
      button: 'stop',
      answerId: 'answer-1',
      actor: { name: 'Bob', user: `${slack.teamId}/${bob.id}` },
      place: { key: `slack:${slack.teamId}/${general}/${question.ts}` },
    });
    await press?.surface.tellPrivately({ text: 'Only Ann or an admin can stop this answer.' }, never);
    expect(bob.privateTexts(general)).toMatchObject([
      { text: 'Only Ann or an admin can stop this answer.', threadTs: question.ts },
    ]);
    expect(ann.privateTexts(general)).toEqual([]);
  });

  it.each(PRESS_KINDS.filter((kind) => buttonRow(kind).form !== undefined))(
    'opens the form of %s unless core refuses the press, which that person alone is told',
    async (kind) => {
      const { slack, recorded, ann, bob, general } = await setUp();
      const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
      await until(() => recorded.messages.length > 0);
      await recorded.messages[0]?.surface.openMessage(view('Hello', kind, 'complete'), never);
      const [, answer] = slack.messages(general, question.ts);
      if (answer === undefined) throw new Error('no answer');
      recorded.refusal = 'Not you.';
      await bob.click(answer, BUTTONS[kind].label);
      await until(() => bob.privateTexts(general).length > 0 || bob.modal() !== '');
      expect([bob.privateTexts(general)[0]?.text, bob.modal()]).toEqual(['Not you.', '']);
      recorded.refusal = null;
      await ann.click(answer, BUTTONS[kind].label);
      await until(() => ann.modal() !== '');
      expect([ann.privateTexts(general), recorded.presses]).toEqual([[], []]);
    },
  );

  it('tells two presses apart', async () => {
    const { slack, recorded, ann, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length > 0);
    await recorded.messages[0]?.surface.openMessage(view('Hello', 'more', 'complete'), never);
    const answer = slack.messages(general, question.ts)[1];
    if (answer === undefined) throw new Error('no answer');
    await ann.click(answer, 'Go on');
    await ann.click(answer, 'Go on');
    await until(() => recorded.presses.length === 2);
    expect(new Set(recorded.presses.map(({ id }) => id)).size).toBe(2);
  });

  it('takes the buttons off and leaves the text', async () => {
    const { slack, recorded, ann, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length > 0);
    await recorded.messages[0]?.surface.openMessage(
      { ...view('Hello', 'more', 'complete'), footer: 'Some Model' },
      never,
    );
    const answer = slack.messages(general, question.ts)[1];
    if (answer === undefined) throw new Error('no answer');
    await ann.click(answer, 'Go on');
    await until(() => recorded.presses.length === 1);
    await recorded.presses[0]?.retire(never);
    expect(slack.message(general, answer.ts)).toMatchObject({
      text: 'Hello',
      footer: 'Some Model',
      buttons: [],
    });
  });

  it('brings Slack’s own stop, claimed before it is acknowledged', async () => {
    const { slack, recorded, ann } = await setUp({ agentView: true });
    const question = ann.say(ann.dm, 'hi');
    await until(() => recorded.messages.length === 1);
    await recorded.messages[0]?.surface.openMessage(view('Hello', 'stop'), never);
    expect(slack.messages(ann.dm, question.ts)[1]?.streaming).toBe(true);
    ann.stopSession(ann.dm, question.ts);
    await until(() => recorded.stops.length === 1);
    const place = { key: `slack:${slack.teamId}/${ann.dm}/${question.ts}` };
    expect(recorded.stops[0]).toMatchObject({ actor: { name: 'Ann' }, place });
    expect(recorded.claims.at(-1)).toMatchObject({ id: recorded.stops[0]?.id, place });
    expect(recorded.commands).toEqual([]);
  });
});

describe('the sign that a question was seen', () => {
  it('is a session at work where Slack has them, until the answer ends', async () => {
    const { slack, recorded, ann } = await setUp({ agentView: true });
    const question = ann.say(ann.dm, 'hi');
    await until(() => recorded.messages.length === 1);
    const surface = recorded.messages[0]?.surface;
    const statuses = () => slack.sessions.statuses.get(`${ann.dm}:${question.ts}`)?.at(-1);
    surface?.indicate('working');
    await until(() => statuses() === 'processing');
    await surface?.openMessage(view('Hello', 'stop'), never);
    expect(statuses()).toBe('processing');
    surface?.indicate('idle');
    await until(() => statuses() === 'active');
    expect(slack.violations).toEqual([]);
  });

  it('is a pair of eyes elsewhere, until the answer begins', async () => {
    const { slack, recorded, ann, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    const eyes = () => slack.message(general, question.ts)?.reactions ?? [];
    await until(() => recorded.messages.length > 0);
    const surface = recorded.messages[0]?.surface;
    surface?.indicate('queued');
    await until(() => eyes().length === 1);
    surface?.indicate('working');
    await surface?.openMessage(view('Hello', 'stop'), never);
    await until(() => eyes().length === 0);
    surface?.indicate('idle');
    expect(slack.violations).toEqual([]);
  });

  it.each(['not_authorized', 'thread_ts_not_allowed', 'something_new'])(
    'is a pair of eyes where Slack takes no session there (%s)',
    async (error) => {
      const { slack, recorded, ann, general } = await setUp({ agentView: true });
      slack.faults.add({ method: 'agents.sessions.setStatus', how: { kind: 'error', error }, times: 99 });
      const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
      await until(() => recorded.messages.length > 0);
      const surface = recorded.messages[0]?.surface;
      surface?.indicate('working');
      await until(() => slack.message(general, question.ts)?.reactions.length === 1);
      await surface?.openMessage(view('Hello', 'stop'), never);
      await until(() => slack.message(general, question.ts)?.reactions.length === 0);
    },
  );

  it('goes without where Slack takes neither, and answers all the same', async () => {
    const { slack, recorded, ann, general } = await setUp();
    slack.faults.add({ method: 'reactions.add', how: { kind: 'error', error: 'too_many_reactions' } });
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length > 0);
    const surface = recorded.messages[0]?.surface;
    surface?.indicate('working');
    await surface?.openMessage(view('Hello', 'stop'), never);
    expect(slack.messages(general, question.ts)).toHaveLength(2);
  });
});

describe('a model that thinks', () => {
  it('has a status with the time, until the answer begins', async () => {
    const clock = createFastClock(50);
    const { slack, recorded, ann, general } = await setUp({ clock });
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length > 0);
    const surface = recorded.messages[0]?.surface;
    const statuses = () => slack.sessions.statuses.get(`${general}:${question.ts}`) ?? [];
    surface?.think?.();
    await until(() => statuses().length >= 3);
    expect(statuses()[0]).toBe('is thinking');
    expect(statuses()[2]).toMatch(/^is thinking, (8|9|1\d) s$/);
    await surface?.openMessage(view('Hello', 'stop'), never);
    const count = statuses().length;
    surface?.think?.();
    await clock.sleep(12_000);
    expect(statuses().length).toBeLessThanOrEqual(count + 1);
    expect(slack.violations).toEqual([]);
  });

  it('has none where Slack takes none, and answers all the same; without an answer it is taken off', async () => {
    const { slack, recorded, ann, general } = await setUp();
    slack.faults.add({
      method: 'assistant.threads.setStatus',
      how: { kind: 'error', error: 'missing_scope' },
    });
    const first = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length === 1);
    const asked = () => slack.requests.filter(({ method }) => method === 'assistant.threads.setStatus');
    recorded.messages[0]?.surface.think?.();
    await until(() => asked().length === 1);
    await recorded.messages[0]?.surface.openMessage(view('Hello', 'stop'), never);
    expect(slack.messages(general, first.ts)).toHaveLength(2);
    ann.say(general, `<@${slack.app.botUserId}> again`);
    await until(() => recorded.messages.length === 2);
    recorded.messages[1]?.surface.think?.();
    recorded.messages[1]?.surface.indicate('idle');
    expect(asked()).toHaveLength(1);
  });

  it('has its status taken off where there is no answer after all', async () => {
    const { slack, recorded, ann, general } = await setUp();
    const question = ann.say(general, `<@${slack.app.botUserId}> hi`);
    await until(() => recorded.messages.length > 0);
    const statuses = () => slack.sessions.statuses.get(`${general}:${question.ts}`) ?? [];
    recorded.messages[0]?.surface.think?.();
    await until(() => statuses().length === 1);
    recorded.messages[0]?.surface.indicate('idle');
    await until(() => statuses().at(-1) === '');
  });
});

describe('the home tab', () => {
  const saying = (name: string) =>
    defineCommand({
      name,
      description: name,
      role: 'member',
      reply: 'private',
      options: {},
      run: async () => {},
    });
  const commands = [...COMMANDS, saying('models'), saying('usage')];
  const words: Readonly<Record<string, string>> = {
    model: '**GPT-4o mini** (`openai/gpt-4o-mini`) answers here: the default.',
    models:
      '**Free**\n- • Llama 3.2 · `meta-llama/llama` · free\n\n**Premium** — opens with `premium`\n- 🔒 DeepSeek <!channel>',
    usage: '$0.12 of $5.00 today',
  };

  async function openHome(options: { isAdmin: boolean }) {
    const context = await setUp({ commands });
    context.recorded.views = words;
    const eve = context.slack.user('Eve', options);
    eve.openHome();
    await until(() => eve.home() !== '');
    return { ...context, eve };
  }

  it('shows what answers, the models and what was used', async () => {
    const { slack, recorded, eve } = await openHome({ isAdmin: false });
    expect(eve.home().replaceAll('\u2060', '')).toBe(
      [
        'Ask me anything',
        `Type \`/ask\`, mention <@${slack.app.botUserId}> in a channel, or write to me in *Messages*. I answer in a thread, where you need no command.`,
        'Answering now',
        '*GPT-4o mini* (`openai/gpt-4o-mini`) answers here: the default.',
        'Models',
        '*Free*',
        '',
        '• Llama 3.2 · `meta-llama/llama` · free',
        '',
        '*Premium* — opens with `premium`',
        '',
        '🔒 DeepSeek <!channel>',
        'Usage',
        '$0.12 of $5.00 today',
      ].join('\n'),
    );
    expect(slack.violations).toEqual([]);
    expect([recorded.commands, recorded.claims]).toEqual([[], []]);
  });

  it('lets admins choose a model for everybody', async () => {
    const { recorded, eve } = await openHome({ isAdmin: true });
    await eve.clickInView('Choose a model for everybody');
    await until(() => eve.modal() !== '');
    recorded.suggestions = [{ label: 'GPT-4o', value: 'openai/gpt-4o' }];
    await eve.search('model', 'gpt');
    const before = recorded.commands.length;
    await eve.submit({ model: 'GPT-4o' });
    await until(() => recorded.commands.length > before);
    expect(recorded.commands.at(-1)).toMatchObject({
      command: 'model',
      options: { model: 'openai/gpt-4o', scope: 'guild' },
    });
  });
});
