import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reader } from './adapters/web/playground.ts';
import { createFakeDiscord } from './support/discord/fake-discord.ts';
import { openGuild } from './support/discord/guild.ts';
import { openPage } from './support/playground-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { createFakeProvider, type FakeProvider } from './support/provider/fake-provider.ts';
import { saidIn } from './support/said.ts';
import { createFakeSlack, type FakeSlackOptions } from './support/slack/fake-slack.ts';

/** A lease runs out 10 s after the death; the rest is for a busy machine. */
const TIMEOUT_MS = 300_000;
const FAULT_ON_SIGNAL = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => { Promise.reject(new Error('nobody catches this')); });",
)}`;

let folder: string;
let provider: FakeProvider;
let programs: Program[];
let readers: Reader[];
let platforms: { close(): Promise<void> }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  provider = await createFakeProvider();
  programs = [];
  readers = [];
  platforms = [];
});

afterEach(async () => {
  for (const reader of readers) reader.close();
  for (const program of programs) await program.kill();
  for (const platform of platforms) await platform.close();
  await provider.close();
  rmSync(folder, { recursive: true });
});

/** The program on its playground, with the page's hands and eyes. */
async function start(environment: Record<string, string> = {}) {
  const program = await startProgram(folder, { OPENROUTER_BASE_URL: provider.url, ...environment });
  programs.push(program);
  const hands = await openPage(program.url);
  readers.push(hands.page);
  return { program, ...hands };
}

const paragraphs = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, index) => `Paragraph ${from + index}. ${'Text. '.repeat(60)}\n\n`,
  ).join('');
const numbersIn = (text: string) =>
  [...text.matchAll(/Paragraph (\d+)\./g)].map(([, number]) => Number(number));
const countTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a process that is killed', () => {
  it('is finished by the next start: what had arrived, marked, with Retry, and nothing twice', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const before = await start();
    const silent = provider.live();
    await before.ask('silent-1');
    await silent.request;
    const long = provider.live();
    await before.ask('growing-1');
    await long.request;
    await long.text(paragraphs(0, 15));
    await before.page.until(() => before.answersTo('growing-1').length >= 2);
    provider.answer('All said.');
    await before.ask('finished-1');
    await before.page.until(() => before.lastOf('finished-1')?.status === 'complete');
    const seen = before.textOf('growing-1');
    await before.program.kill();

    const after = await start();
    // Killed while its last state is on its way to the store, it is shown so by the next start.
    await after.page.until(
      () =>
        after.lastOf('silent-1')?.status === 'interrupted' &&
        after.lastOf('growing-1')?.status === 'interrupted' &&
        after.lastOf('finished-1')?.status === 'complete',
    );
    const shown = after.textOf('growing-1');
    expect(shown.length).toBeGreaterThanOrEqual(seen.length);
    expect(numbersIn(shown)).toEqual(countTo(15));
    expect(
      after
        .answersTo('growing-1')
        .slice(0, -1)
        .map(({ status }) => status),
    ).not.toContain('streaming');
    expect(after.page.answers.flatMap(({ buttons }) => buttons)).not.toContain('stop');
    for (const question of ['silent-1', 'growing-1']) {
      expect(after.lastOf(question)).toMatchObject({
        note: expect.stringMatching(/^Interrupted/),
        buttons: ['retry'],
      });
    }
    expect(after.answersTo('silent-1')).toHaveLength(1);
    expect(after.answersTo('finished-1')).toMatchObject([{ text: 'All said.', status: 'complete' }]);
    expect([...after.page.items.keys()].filter((key) => key.startsWith('activity/'))).toEqual([]);

    // The same events again, as a platform redelivers them.
    for (const question of ['silent-1', 'growing-1', 'finished-1']) await after.ask(question);
    provider.answer('A second try.');
    await after.post('press', { id: 'retry-01', message: after.lastOf('growing-1')?.id, button: 'retry' });
    await after.page.until(() => after.lastOf('growing-1')?.status === 'complete');
    expect(after.lastOf('growing-1')?.text).toBe('A second try.');
    expect(provider.chats).toHaveLength(4);
  });
});

async function openDiscord() {
  const discord = await createFakeDiscord({ acknowledgeWithinMs: 60_000 });
  platforms.push(discord);
  const environment = {
    ...discord.environment,
    PLAYGROUND: 'on',
    // Titles would be requests of their own.
    AUTOMATIC: 'off',
  };
  return { discord, environment, ...openGuild(discord) };
}

async function openSlack(options: FakeSlackOptions = {}) {
  const slack = await createFakeSlack(options);
  platforms.push(slack);
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

const BUSY = { timeout: 120_000, interval: 100 };
const labelsOf = (message: { readonly buttons: readonly { readonly label: string }[] } | undefined) =>
  message?.buttons.map(({ label }) => label) ?? [];

describe('a process on Discord that is killed', () => {
  it('is finished by the next start, in the messages that were growing or thinking', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { discord, environment, ada, channel } = await openDiscord();
    const before = await start(environment);
    const thinking = provider.live();
    const first = ada.slash('ask', { prompt: 'One?' }, { channel });
    await thinking.request;
    const growing = provider.live();
    const second = ada.slash('ask', { prompt: 'Two?' }, { channel });
    await growing.text('As far as it got.');
    const buttons = ({ reply }: typeof second) => labelsOf(reply ?? undefined);
    await discord.until(() => buttons(second).includes('Stop'), 'there is text', 60_000);
    await before.program.kill();

    await start(environment);
    await vi.waitFor(() => {
      for (const used of [first, second]) expect(buttons(used)).toEqual(['Retry…']);
    }, BUSY);
    expect(first.reply?.content).toMatch(/^\S* ?Interrupted/);
    expect(second.reply?.content).toMatch(/^As far as it got\.\n\n.*Interrupted/);
    expect(discord.messages(channel)).toHaveLength(2);
    expect(discord.violations).toEqual([]);
  });

  it.each([
    ['after its answer was told to wait', true],
    ['while its answer grows, which is locked already', false],
  ])(
    'has the next start finish an answer whose thread is locked, as soon as it opens: killed %s',
    {
      timeout: TIMEOUT_MS,
    },
    async (_, isHeld) => {
      const { discord, environment, ada, channel } = await openDiscord();
      const before = await start(environment);
      const live = provider.live();
      const thread = { id: ada.say(channel, `${discord.botMention} Why?`).id };
      await live.text('One ');
      const first = () => discord.messages(thread)[0];
      await discord.until(
        () => discord.threads(channel).length === 1 && labelsOf(first()).includes('Stop'),
        'there is text',
        60_000,
      );
      discord.setThread(thread, { archived: true, locked: true });
      const told = () =>
        discord.messages(ada.dm).filter(({ content }) => content.includes('I will finish it'));
      if (isHeld) {
        await live.text('two three.');
        await live.finish();
        await discord.until(() => told().length === 1, 'the asker is told', 60_000);
      }
      await before.program.kill();

      await start(environment);
      // The dead process's claim is taken over while the thread is locked.
      if (!isHeld)
        await vi.waitFor(
          () =>
            expect(
              discord.requests.filter(({ status }) => status === 403 || status === 400).length,
            ).toBeGreaterThan(0),
          BUSY,
        );
      expect(labelsOf(first())).toEqual(['Stop']);
      discord.setThread(thread, { locked: false });
      await vi.waitFor(() => expect(labelsOf(first())).toContain('Retry…'), BUSY);
      expect(first()?.content).toMatch(
        isHeld ? /^One two three\.\n\n.*The thread was locked/ : /^One\n\n.*Interrupted/,
      );
      expect(discord.messages(thread)).toHaveLength(1);
      expect(provider.chats).toHaveLength(1);
      expect(discord.violations).toEqual([]);
    },
  );

  it.each([
    ['grows', 'Canberra, wh'],
    ['is still to come', ''],
  ])(
    'has the next start end the answer to an edited question, as one turn: killed while it %s',
    {
      timeout: TIMEOUT_MS,
    },
    async (_, text) => {
      const { discord, environment, ada } = await openDiscord();
      const before = await start(environment);
      const [first, second] = [provider.live(), provider.live()];
      const question = ada.say(ada.dm, 'What is the capital of Austria?');
      await first.text('Vienna, wh');
      const answers = () => discord.messages(ada.dm).slice(1);
      await discord.until(() => labelsOf(answers()[0]).includes('Stop'), 'there is text', 60_000);
      ada.edit(question, 'What is the capital of Australia?');
      await second.request;
      if (text !== '') {
        await second.text(text);
        await discord.until(() => answers()[0]?.content === text, 'the second answer grows', 60_000);
      }
      await before.program.kill();

      await start(environment);
      await vi.waitFor(() => expect(answers().at(-1)?.content).toContain('Interrupted'), BUSY);
      expect(labelsOf(answers().at(-1))).toContain('Retry…');
      if (text !== '') expect(answers().map(({ content }) => content.split('\n\n')[0])).toEqual([text]);
      expect(answers().flatMap(labelsOf)).not.toContain('Stop');
      provider.answer('Canberra.');
      const form = ada.click(answers().at(-1) ?? question, 'Retry…');
      await discord.until(() => form.modal !== null, 'the form is open', 60_000);
      ada.submit(form, {});
      await vi.waitFor(() => expect(answers().at(-1)?.content).toMatch(/^Canberra\./), BUSY);
      expect(saidIn(provider.chats.at(-1)?.body)).toEqual(['What is the capital of Australia?']);
      expect(discord.violations).toEqual([]);
    },
  );
});

describe('a process on Slack that is killed', () => {
  it('is finished by the next start, in the threads of the questions', { timeout: TIMEOUT_MS }, async () => {
    const { slack, environment, ann, channel, answersIn, labelsIn: labels } = await openSlack();
    const before = await start(environment);
    const silent = provider.live();
    const { ts: first } = ann.say(channel, `<@${slack.app.botUserId}> One?`);
    await silent.request;
    const growing = provider.live();
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
    const [first, second] = [provider.live(), provider.live()];
    const mention = `<@${slack.app.botUserId}>`;
    const question = ann.say(channel, `${mention} What is the capital of Austria?`);
    await first.text('Vienna, wh');
    await vi.waitFor(() => expect(labelsIn(question.ts)).toEqual(['Stop']), BUSY);
    ann.edit(question, `${mention} What is the capital of Australia?`);
    await second.text('Canberra, wh');
    await vi.waitFor(() => expect(answersIn(question.ts)[0]?.text).toBe('Canberra, wh'), BUSY);
    await before.program.kill();

    await start(environment);
    await vi.waitFor(() => expect(labelsIn(question.ts)).toEqual(['Retry…']), BUSY);
    expect(answersIn(question.ts)).toHaveLength(1);
    expect(answersIn(question.ts)[0]?.text).toMatch(/^Canberra, wh\nInterrupted/);
    provider.answer('It is.');
    ann.say(channel, 'Sure?', { thread: question.ts });
    await vi.waitFor(() => expect(answersIn(question.ts).at(-1)?.text).toMatch(/^It is\./), BUSY);
    // The conversation knows of one question, as it reads now.
    expect(saidIn(provider.chats.at(-1)?.body)).toEqual([
      'What is the capital of Australia?',
      'Canberra, wh',
      'Sure?',
    ]);
  });
});

describe('a process that is killed when a message was posted and nobody stored it', () => {
  const answer = paragraphs(0, 60);
  const expectOnce = (texts: readonly string[]) => {
    const numbers = numbersIn(texts.join('\n'));
    expect(numbers).toEqual(countTo(numbers.length));
  };

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
      const live = provider.live();
      if (number < 3) ann.say(channel, `<@${slack.app.botUserId}> Question ${number}?`);
      else void ann.slash('/ask', `Question ${number}?`, { channel });
      await live.text(answer);
    }
    await vi.waitFor(() => expect(isPosted.map((check) => check())).not.toContain(false), BUSY);
    await before.program.kill();

    await start(environment);
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

  it('has the next start find it on Discord: the first, second or third message of an answer', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const { discord, environment, ada, channel } = await openDiscord();
    const before = await start(environment);
    const threads: string[] = [];
    for (const number of [0, 1, 2]) {
      const live = provider.live();
      const { id } = ada.say(channel, `${discord.botMention} Question ${number}?`);
      threads.push(id);
      const posts = new RegExp(`/channels/${id}/messages$`);
      if (number > 0)
        discord.faults.add('POST', posts, { kind: 'hold', when: 'before', until: Promise.resolve() }, number);
      discord.faults.add('POST', posts, { kind: 'hold', when: 'after', until: new Promise(() => {}) });
      await live.text(answer);
    }
    const shown = (number: number) => discord.messages({ id: threads[number] ?? '' });
    await discord.until(
      () => [0, 1, 2].every((number) => shown(number).length === number + 1),
      'posted',
      60_000,
    );
    await before.program.kill();

    await start(environment);
    await vi.waitFor(() => {
      for (const number of [0, 1, 2]) expect(labelsOf(shown(number).at(-1))).toEqual(['Retry…']);
    }, BUSY);
    for (const number of [0, 1, 2]) {
      expectOnce(shown(number).map(({ content }) => content));
      expect(shown(number).flatMap(labelsOf)).toEqual(['Retry…']);
    }
    expect(discord.violations).toEqual([]);
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
    expect(provider.chats).toHaveLength(0);
  });
});

describe('a process that is told to stop', () => {
  it('lets answers finish, ends the others as interrupted with all their text, and takes no more', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const before = await start({ SHUTDOWN_GRACE_SEC: '8' });
    const ending = provider.live();
    await before.ask('ending-1');
    await ending.request;
    const endless = provider.live();
    await before.ask('endless-1');
    await endless.request;
    await endless.text('As far as it got.');
    await before.page.until(() => before.textOf('endless-1') !== '');
    before.program.signal('SIGTERM');
    await vi.waitFor(() => expect(before.program.output()).toContain('still being written'), 10_000);
    await before.ask('question-too-late');
    await before.page.until(({ messages }) =>
      messages.some(({ text }) => text === 'The bot is restarting. Ask again in a minute.'),
    );
    await ending.text('Just in time.');
    await ending.finish();
    expect(await before.program.exited).toBe(0);
    expect(before.program.output()).toContain(
      '2 answers are still being written; waiting up to 8 s. Press Ctrl-C again to stop now.',
    );

    const after = await start();
    await after.page.until(() => after.page.answers.length === 2);
    expect(after.lastOf('ending-1')).toMatchObject({ text: 'Just in time.', status: 'complete' });
    expect(after.lastOf('endless-1')).toMatchObject({
      text: 'As far as it got.',
      status: 'interrupted',
      buttons: ['retry', 'unlisten'],
    });
  });

  it('leaves at once when it is told a second time, and the next start finishes its answers', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const before = await start();
    const answer = provider.live();
    await before.ask('question-1');
    await answer.request;
    await answer.text('As far as it got.');
    await before.page.until(() => before.textOf('question-1') !== '');
    before.program.signal('SIGTERM');
    before.program.signal('SIGINT');
    expect(await before.program.exited).toBe(130);

    const after = await start();
    await after.page.until(() => after.lastOf('question-1')?.status === 'interrupted');
    expect(after.textOf('question-1')).toBe('As far as it got.');
  });

  it('by a fault that nobody caught ends its answers first', { timeout: TIMEOUT_MS }, async () => {
    const before = await start({ NODE_OPTIONS: `--import=${FAULT_ON_SIGNAL}` });
    const answer = provider.live();
    await before.ask('question-1');
    await answer.request;
    await answer.text('As far as it got.');
    await before.page.until(() => before.textOf('question-1') !== '');
    before.program.signal('SIGUSR2');
    expect(await before.program.exited).toBe(1);
    expect(before.program.errors()).toContain('nobody catches this');

    const after = await start();
    await after.page.until(() => after.page.answers.length === 1);
    expect(after.lastOf('question-1')).toMatchObject({ text: 'As far as it got.', status: 'interrupted' });
  });
});
