import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Reply } from '../../../src/core/delivery/reply.ts';
import type { Surface } from '../../../src/core/ports/surface.ts';
import { createIdleClock } from '../../support/idle-clock.ts';
import { longAnswer, wordsOf } from '../../support/long-answer.ts';
import type { Person } from '../../support/slack/person.ts';
import { type Bench, type BenchOptions, openBench, until } from './harness.ts';

let bench: Bench;
afterEach(() => bench.close());

const SPEED = 100;
const never = new AbortController().signal;

async function setUp(options: BenchOptions = {}) {
  bench = await openBench({ clock: createIdleClock(SPEED), ...options });
  const { slack } = bench;
  const ann = slack.user('Ann');
  const general = slack.channel('general', [ann]);
  return { ...bench, ann, general };
}

function replyOn(surface: Surface): Reply {
  return new Reply({
    surface,
    limiters: bench.limiters,
    clock: bench.clock,
    log: pino({ level: 'silent' }),
    answerId: 'answer-1',
    onOpen: () => {},
    signal: never,
  });
}

/** How long it takes by the bench's clock. */
async function lengthOf(work: Promise<unknown>): Promise<number> {
  const { clock } = bench;
  const startMs = clock.now();
  await work;
  return clock.now() - startMs;
}

/** Asks, and resolves to the surface for the answer and the thread in which it will stand. */
async function ask(person: Person, channel: string): Promise<{ surface: Surface; thread: string }> {
  const { slack, recorded } = bench;
  const isDirect = channel === person.dm;
  const { ts } = person.say(channel, isDirect ? 'why?' : `<@${slack.app.botUserId}> why?`);
  const id = `slack:${slack.teamId}/${channel}/${ts}`;
  await until(() => recorded.messages.some((message) => message.id === id));
  const surface = recorded.messages.find((message) => message.id === id)?.surface;
  if (surface === undefined) throw new Error('nothing came');
  return { surface, thread: ts };
}

const ending = { status: 'complete', note: null, footer: null, buttons: [] } as const;

function textOf(channel: string, thread: string): string {
  const { slack } = bench;
  return slack
    .messages(channel, thread)
    .filter(({ author }) => author === slack.app.botUserId)
    .map(({ text }) => text)
    .join('\n');
}

describe('delivery on Slack', () => {
  it('gives ten answers at once a fair part of the workspace’s limit, and ends all of them promptly', async () => {
    const { slack, ann, clock } = await setUp();
    const channels = Array.from({ length: 5 }, (_, index) => slack.channel(`c${index}`, [ann]));
    const asked = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        ask(ann, channels[index % 5] ?? '').then((it) => ({ ...it, channel: channels[index % 5] ?? '' })),
      ),
    );
    const answer = longAnswer(600);
    const lags: number[] = [];
    await Promise.all(
      asked.map(async ({ surface }) => {
        const reply = replyOn(surface);
        for (let from = 0; from < answer.length; from += 40) {
          reply.write(answer.slice(from, from + 40));
          await clock.sleep(600);
        }
        const finished = reply.finish(ending);
        lags.push(await lengthOf(finished));
        expect(await finished).toBe(true);
      }),
    );
    for (const { channel, thread } of asked)
      expect(wordsOf(textOf(channel, thread))).toEqual(wordsOf(answer));
    expect(slack.violations).toEqual([]);
    const updates = asked.map(
      ({ channel, thread }) => slack.messages(channel, thread)[1]?.history.length ?? 0,
    );
    if (process.env['TEST_PRINT']) console.log({ lags: lags.map(Math.round).sort((a, b) => a - b), updates });
    expect(Math.min(...updates)).toBeGreaterThanOrEqual(Math.max(...updates) - 3);
    expect(Math.max(...lags)).toBeLessThan(6_000);
  }, 60_000);

  it('edits an answer no sooner after its post than after an edit, as that would bring a word or two', async () => {
    const { slack, ann, general } = await setUp();
    const { surface } = await ask(ann, general);
    const reply = replyOn(surface);
    const callAtMs = (method: string) => slack.requests.find((request) => request.method === method)?.atMs;
    reply.write('One ');
    await until(() => callAtMs('chat.postMessage') !== undefined);
    reply.write('two ');
    await until(() => callAtMs('chat.update') !== undefined);
    expect((callAtMs('chat.update') ?? 0) - (callAtMs('chat.postMessage') ?? 0)).toBeGreaterThanOrEqual(900);
    expect(await reply.finish(ending)).toBe(true);
    expect(slack.violations).toEqual([]);
  });

  it('brings an answer’s first words at once although another one’s edit has to wait for long', async () => {
    const { slack, ann, general } = await setUp();
    const other = slack.channel('other', [ann]);
    const first = await ask(ann, general);
    const slow = replyOn(first.surface);
    slow.write('One ');
    await until(() => textOf(general, first.thread) !== '');
    slack.faults.add({ method: 'chat.update', how: { kind: 'rate-limited', retryAfterSec: 30 } });
    slow.write('two ');
    await until(() => slack.requests.some(({ outcome }) => outcome === 'rate-limited'));
    const second = await ask(ann, other);
    const quick = replyOn(second.surface);
    quick.write('Hello');
    expect(await lengthOf(until(() => textOf(other, second.thread) === 'Hello'))).toBeLessThan(10_000);
    expect(await slow.finish(ending)).toBe(true);
    expect(await quick.finish(ending)).toBe(true);
    expect(textOf(general, first.thread)).toBe('One two');
    expect(slack.violations).toEqual([]);
  });

  it('stands whole and once although Slack fails here and there', async () => {
    const { slack, ann, general, clock } = await setUp();
    for (const when of ['before', 'after'] as const) {
      slack.faults.add({ method: 'chat.postMessage', when, how: { kind: 'status', status: 502 } });
      slack.faults.add({ method: 'chat.update', when, how: { kind: 'reset' }, times: 2 });
    }
    const { surface, thread } = await ask(ann, general);
    const reply = replyOn(surface);
    const answer = longAnswer(3_000);
    for (let from = 0; from < answer.length; from += 600) {
      reply.write(answer.slice(from, from + 600));
      await clock.sleep(700);
    }
    expect(await reply.finish(ending)).toBe(true);
    expect(wordsOf(textOf(general, thread))).toEqual(wordsOf(answer));
    expect(slack.violations).toEqual([]);
  });

  it.each(['internal_error', 'fatal_error'])(
    'posts nothing twice where Slack fails after a post (%s), which may have had its effect',
    async (error) => {
      const { slack, ann, general } = await setUp();
      slack.faults.add({ method: 'chat.postMessage', when: 'after', how: { kind: 'error', error } });
      const { surface, thread } = await ask(ann, general);
      const reply = replyOn(surface);
      reply.write('Once');
      expect(await reply.finish(ending)).toBe(true);
      expect(textOf(general, thread)).toBe('Once');
    },
  );

  it('shows a text in plain where Slack refuses it as Markdown', async () => {
    const { slack, ann, general } = await setUp();
    const isMarkdown = (args: Readonly<Record<string, unknown>>) =>
      JSON.stringify(args['blocks']).includes('"markdown"');
    const how = { kind: 'error', error: 'invalid_blocks' } as const;
    slack.faults.add({ method: 'chat.postMessage', matches: isMarkdown, how, times: 99 });
    slack.faults.add({ method: 'chat.update', matches: isMarkdown, how, times: 99 });
    const { surface, thread } = await ask(ann, general);
    const reply = replyOn(surface);
    const answer = longAnswer(900);
    reply.write(answer.slice(0, 100));
    await until(() => textOf(general, thread) !== '');
    reply.write(answer.slice(100));
    expect(await reply.finish(ending)).toBe(true);
    expect(wordsOf(textOf(general, thread))).toEqual(wordsOf(answer));
  });

  it('ends in a message of its own where the workspace forbids edits', async () => {
    const { slack, ann, general, clock } = await setUp();
    const how = { kind: 'error', error: 'edit_window_closed' } as const;
    slack.faults.add({ method: 'chat.update', how, times: 99 });
    const { surface, thread } = await ask(ann, general);
    const reply = replyOn(surface);
    const answer = longAnswer(400);
    for (let from = 0; from < answer.length; from += 300) {
      reply.write(answer.slice(from, from + 300));
      await clock.sleep(2_000);
    }
    expect(await reply.finish(ending)).toBe(true);
    expect(wordsOf(textOf(general, thread))).toEqual(wordsOf(answer));
    expect(slack.requests.filter(({ method }) => method === 'chat.update')).toHaveLength(1);
  });

  it('ends without a sound where the channel is archived while it streams', async () => {
    const { slack, ann, general } = await setUp();
    const { surface, thread } = await ask(ann, general);
    const reply = replyOn(surface);
    reply.write('Hello');
    await until(() => textOf(general, thread) !== '');
    slack.archive(general);
    reply.write(' there');
    expect(await reply.finish(ending)).toBe(false);
    expect(reply.gone()).not.toBeNull();
  });

  it('finishes what streams while the socket drops, and hears the next question soon', async () => {
    const { slack, ann, general, clock } = await setUp();
    const { surface, thread } = await ask(ann, general);
    const reply = replyOn(surface);
    reply.write('One ');
    await until(() => textOf(general, thread) !== '');
    slack.socket.drop();
    reply.write('two');
    expect(await reply.finish(ending)).toBe(true);
    expect(textOf(general, thread)).toBe('One two');
    const droppedAtMs = clock.now();
    await ask(ann, general);
    expect(clock.now() - droppedAtMs).toBeLessThan(20_000);
    expect(bench.adapter.ready()).toBe(true);
  });

  it('comes back after a goodbye of Slack’s, and after outages at that', async () => {
    const { slack, ann, general } = await setUp();
    slack.faults.add({ method: 'apps.connections.open', how: { kind: 'status', status: 503 }, times: 2 });
    slack.faults.add({ method: 'apps.connections.open', how: { kind: 'reset' } });
    slack.socket.disconnect('refresh_requested');
    await until(() => !bench.adapter.ready());
    await until(() => bench.adapter.ready());
    await ask(ann, general);
    expect(slack.socket.connections).toBe(1);
  });
});

describe('native streams on Slack', () => {
  it('serve direct messages where Slack has the agent view, and no channels', async () => {
    const { slack, ann, general } = await setUp({ agentView: true });
    for (const channel of [ann.dm, general]) {
      const { surface, thread } = await ask(ann, channel);
      const reply = replyOn(surface);
      reply.write('One ');
      await until(() => textOf(channel, thread) !== '');
      expect(slack.messages(channel, thread)[1]?.streaming).toBe(channel === ann.dm);
      reply.write('two ');
      await until(() => textOf(channel, thread).includes('two'));
      reply.write('three');
      expect(
        await reply.finish({ ...ending, footer: 'Some Model', buttons: [{ kind: 'retry', answerId: 'a' }] }),
      ).toBe(true);
      const answer = slack.messages(channel, thread)[1];
      expect(answer).toMatchObject({ text: 'One two three', footer: 'Some Model', streaming: false });
      expect(answer?.buttons.map(({ label }) => label)).toEqual(['Retry…']);
    }
    const methods = new Set(slack.requests.map(({ method }) => method));
    expect(methods).toContain('chat.appendStream');
    expect(slack.violations).toEqual([]);
  });

  it('go on by edits before they die at five minutes, with nothing lost or doubled', {
    timeout: 60_000,
  }, async () => {
    const { slack, ann, clock } = await setUp({ agentView: true, clock: createIdleClock(200) });
    const { surface, thread } = await ask(ann, ann.dm);
    const reply = replyOn(surface);
    const answer = longAnswer(1_200);
    const pieces = 66;
    for (let piece = 0; piece < pieces; piece++) {
      reply.write(answer.slice((piece * answer.length) / pieces, ((piece + 1) * answer.length) / pieces));
      await clock.sleep(5_000);
    }
    expect(await reply.finish(ending)).toBe(true);
    expect(wordsOf(textOf(ann.dm, thread))).toEqual(wordsOf(answer));
    expect(slack.requests.some(({ method, outcome }) => method === 'chat.update' && outcome === 'ok')).toBe(
      true,
    );
    // None was refused, as those on a dead stream are.
    expect(new Set(slack.requests.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    expect(slack.violations).toEqual([]);
  });

  it.each(['message_not_in_streaming_state', 'stopped_by_user', 'internal_error'])(
    'go on by edits where Slack ends them early (%s)',
    async (error) => {
      const { slack, ann } = await setUp({ agentView: true });
      const { surface, thread } = await ask(ann, ann.dm);
      const reply = replyOn(surface);
      reply.write('One ');
      await until(() => textOf(ann.dm, thread) !== '');
      slack.faults.add({ method: 'chat.appendStream', how: { kind: 'error', error } });
      if (error !== 'internal_error') slack.endStreams();
      reply.write('two ');
      await until(() => textOf(ann.dm, thread).trim() === 'One two');
      reply.write('three');
      expect(await reply.finish(ending)).toBe(true);
      expect(textOf(ann.dm, thread)).toBe('One two three');
    },
  );

  it('begin once where Slack fails after the start, which may have had its effect', async () => {
    const { slack, ann } = await setUp({ agentView: true });
    const { surface, thread } = await ask(ann, ann.dm);
    slack.faults.add({
      method: 'chat.startStream',
      when: 'after',
      how: { kind: 'error', error: 'internal_error' },
    });
    const reply = replyOn(surface);
    reply.write('One ');
    await until(() => textOf(ann.dm, thread) !== '');
    reply.write('two');
    expect(await reply.finish(ending)).toBe(true);
    expect(textOf(ann.dm, thread)).toBe('One two');
  });

  it('begin once where the start is found again and then cannot be brought up to date at once', async () => {
    const { slack, ann } = await setUp({ agentView: true });
    const { surface, thread } = await ask(ann, ann.dm);
    slack.faults.add({ method: 'chat.startStream', when: 'after', how: { kind: 'reset' } });
    slack.faults.add({ method: 'chat.stopStream', how: { kind: 'reset' } });
    slack.faults.add({ method: 'chat.update', when: 'after', how: { kind: 'reset' } });
    const reply = replyOn(surface);
    reply.write('One ');
    await until(() => textOf(ann.dm, thread) !== '');
    reply.write('two');
    expect(await reply.finish(ending)).toBe(true);
    expect(textOf(ann.dm, thread)).toBe('One two');
  });

  it('never take an earlier answer for one that may have begun', async () => {
    const { slack, ann } = await setUp({ agentView: true });
    const { surface, thread } = await ask(ann, ann.dm);
    const first = replyOn(surface);
    first.write('Yes');
    expect(await first.finish({ ...ending, buttons: [{ kind: 'retry', answerId: 'a' }] })).toBe(true);
    ann.say(ann.dm, 'sure?', { thread });
    await until(() => bench.recorded.messages.length === 2);
    slack.faults.add({ method: 'chat.startStream', how: { kind: 'reset' } });
    const second = replyOn(bench.recorded.messages[1]?.surface as Surface);
    second.write('Yes');
    await until(() => textOf(ann.dm, thread).split('\n').length === 2);
    second.write(', I am');
    expect(await second.finish(ending)).toBe(true);
    expect(textOf(ann.dm, thread)).toBe('Yes\nYes, I am');
  });

  it('end by an edit that has to wait, without holding up other streams', async () => {
    const { slack, ann, clock } = await setUp({ agentView: true });
    const [first, second] = await Promise.all([ask(ann, ann.dm), ask(ann, ann.dm)]);
    const slow = replyOn(first.surface);
    const quick = replyOn(second.surface);
    slow.write('One ');
    quick.write('Uno ');
    await until(() => [first, second].every(({ thread }) => textOf(ann.dm, thread) !== ''));
    slack.faults.add({ method: 'chat.appendStream', how: { kind: 'error', error: 'internal_error' } });
    slack.faults.add({ method: 'chat.update', how: { kind: 'rate-limited', retryAfterSec: 40 } });
    slow.write('two');
    await until(() => slack.requests.some(({ outcome }) => outcome === 'rate-limited'));
    const startedAtMs = clock.now();
    quick.write('due');
    await until(() => textOf(ann.dm, second.thread).includes('due'));
    expect(clock.now() - startedAtMs).toBeLessThan(30_000);
    expect(await Promise.all([slow.finish(ending), quick.finish(ending)])).toEqual([true, true]);
    expect([first, second].map(({ thread }) => textOf(ann.dm, thread))).toEqual(['One two', 'Uno due']);
  });

  it('end by a stop that has to wait, without holding up other streams', async () => {
    const { slack, ann } = await setUp({ agentView: true });
    const [first, second] = await Promise.all([ask(ann, ann.dm), ask(ann, ann.dm)]);
    const slow = replyOn(first.surface);
    const quick = replyOn(second.surface);
    slow.write('One');
    quick.write('Uno ');
    await until(() => [first, second].every(({ thread }) => textOf(ann.dm, thread) !== ''));
    slack.faults.add({ method: 'chat.stopStream', how: { kind: 'rate-limited', retryAfterSec: 40 } });
    const ended = slow.finish(ending);
    await until(() => slack.requests.some(({ outcome }) => outcome === 'rate-limited'));
    quick.write('due');
    expect(await ended).toBe(true);
    expect(textOf(ann.dm, second.thread)).toBe('Uno due');
    expect(await quick.finish(ending)).toBe(true);
    expect([first, second].map(({ thread }) => textOf(ann.dm, thread))).toEqual(['One', 'Uno due']);
  });

  it('leave room for others: what is above Slack’s limit on streams is shown by edits', async () => {
    const { slack, ann } = await setUp({ agentView: true });
    const asked = await Promise.all(Array.from({ length: 24 }, () => ask(ann, ann.dm)));
    const replies = asked.map(({ surface }) => replyOn(surface));
    for (const reply of replies) reply.write('One ');
    await until(() => asked.every(({ thread }) => textOf(ann.dm, thread) !== ''));
    for (const reply of replies) reply.write('two');
    expect(await Promise.all(replies.map((reply) => reply.finish(ending)))).toEqual(Array(24).fill(true));
    for (const { thread } of asked) expect(textOf(ann.dm, thread)).toBe('One two');
    expect(slack.requests.filter(({ method }) => method === 'chat.startStream')).toHaveLength(18);
    expect(slack.violations).toEqual([]);
  });
});
