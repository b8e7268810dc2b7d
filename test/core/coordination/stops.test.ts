import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { LiveAnswer, LiveAnswers } from '../../../src/core/coordination/live-answers.ts';
import { createStops, type Stops } from '../../../src/core/coordination/stops.ts';
import type { GuildId } from '../../../src/core/ports/actor.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { collect } from '../../support/collect.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { GENERATION_ID } from '../../support/provider/chunks.ts';
import { createFakeProvider, type FakeProvider } from '../../support/provider/fake-provider.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { tapStore } from '../../support/tapped-store.ts';
import {
  createTestBot,
  invocationOf,
  messageOf,
  pressOf,
  type TestBot,
  type TestEvent,
  testActor,
} from '../../support/test-bot.ts';
import { waitUntil } from '../../support/wait-until.ts';

const { log } = createLogRecorder();
/** For what comes over real sockets, on a busy machine. */
const PATIENCE_MS = 15_000;
const byMia = { kind: 'person', user: 'mia', name: 'Mia' } as const;
let clock: FakeClock;
let store: Store;

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log });
  onTestFinished(() => store.close());
});

const wishes = async (): Promise<unknown[]> =>
  (await valuesOf(store, 'stops').get('all'))?.value.wishes ?? [];

describe('wishes to stop', () => {
  let stopped: string[];

  beforeEach(() => {
    stopped = [];
  });

  function processNamed(owner: string): Stops & { readonly live: LiveAnswers } {
    const live: LiveAnswers = new Map();
    const stops = createStops({ store, owner, clock, log }, live);
    onTestFinished(() => stops.stop());
    return { ...stops, live };
  }

  function answer(id: string, more: Partial<LiveAnswer> = {}): LiveAnswer {
    return {
      id,
      eventId: `event of ${id}`,
      message: null,
      editedAt: null,
      inPlaceOf: null,
      guild: 'slack:1',
      user: 'mia',
      asker: 'mia',
      conversation: 'slack:1/a',
      channel: 'general',
      stop: ({ kind }) => stopped.push(`${id}: ${kind}`),
      ...more,
    };
  }

  /** Some event of this process is under way, as it is while there is an answer. */
  const busy = (owner: string, event = `something of ${owner}`) =>
    store.claims.claim(event, owner, clock.now() + 3_600_000, clock.now() + 3_600_000);

  it('reach what is under way elsewhere within a second, once, and are forgotten', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q');
    await writes.admitAnswer(answer('wanted'));
    await writes.admitAnswer(answer('other'));
    expect(await hears.send({ id: 'wanted' }, byMia)).toEqual({ stopped: 0, elsewhere: true });
    await clock.advance(1_000);
    expect(stopped).toEqual(['wanted: person']);
    await clock.advance(20 * 60_000);
    expect(stopped).toEqual(['wanted: person']);
    expect(await wishes()).toEqual([]);
  });

  it.each([
    ['a conversation', { conversation: 'slack:1/a' }, ['mine', 'ben’s', 'elsewhere']],
    ['a person in a conversation', { conversation: 'slack:1/a', user: 'mia' }, ['mine', 'elsewhere']],
    ['a channel', { guild: 'slack:1', channel: 'general' }, ['mine', 'ben’s', 'of mine by ada']],
    [
      'a person in a channel',
      { guild: 'slack:1', channel: 'general', user: 'mia' },
      ['mine', 'of mine by ada'],
    ],
    ['a guild', { guild: 'slack:1' }, ['mine', 'ben’s', 'of mine by ada', 'elsewhere']],
    ['a person in a guild', { guild: 'slack:1', user: 'mia' }, ['mine', 'of mine by ada', 'elsewhere']],
    ['an event', { eventId: 'event of mine' }, ['mine']],
  ])('for %s stop what is meant and nothing else, here and elsewhere', async (_, target, meant) => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q', 'event of mine');
    for (const process of [hears, writes]) {
      await process.admitAnswer(answer('mine'));
      await process.admitAnswer(answer('ben’s', { user: 'ben', asker: 'ben' }));
      await process.admitAnswer(answer('of mine by ada', { user: 'ada', conversation: 'slack:1/b' }));
      await process.admitAnswer(answer('elsewhere', { channel: 'random' }));
      await process.admitAnswer(answer('abroad', { guild: 'slack:2', conversation: 'slack:2/a' }));
    }
    const expected = meant.map((id) => `${id}: person`);
    expect(await hears.send(target, byMia)).toEqual({ stopped: meant.length, elsewhere: true });
    expect(stopped).toEqual(expected);
    await clock.advance(1_000);
    expect(stopped).toEqual([...expected, ...expected]);
  });

  it('do not stop what is asked afterwards, wherever that is and whether the process had looked before', async () => {
    const [hears, working, idle] = [processNamed('p'), processNamed('q'), processNamed('r')];
    await busy('q');
    await working.admitAnswer(answer('before'));
    await hears.send({ guild: 'slack:1' }, byMia);
    for (const process of [hears, working, idle]) await process.admitAnswer(answer('after'));
    expect(stopped).toEqual(['before: person']);
    await clock.advance(20 * 60_000);
    expect(stopped).toEqual(['before: person']);
  });

  it('stop an answer whose event was taken up before, though it is begun later', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q');
    await hears.send({ guild: 'slack:1' }, byMia);
    writes.arrive('event of asked');
    await writes.look();
    await hears.send({ guild: 'slack:1' }, { kind: 'forgotten' });
    writes.live.set('other', answer('other'));
    await writes.look();
    await writes.admitAnswer(answer('asked'));
    expect(stopped).toEqual(['other: forgotten', 'asked: forgotten']);
  });

  it('are all read, though many are written at once', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q');
    const ids = Array.from({ length: 20 }, (_, index) => `a${index}`);
    for (const id of ids) await writes.admitAnswer(answer(id));
    await Promise.all(ids.map((id) => hears.send({ id }, byMia)));
    await writes.look();
    expect(stopped.toSorted()).toEqual(ids.map((id) => `${id}: person`).toSorted());
  });

  it('are stored once however often the same is asked, and the newest counts', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q');
    for (let times = 0; times < 5; times++) await hears.send({ id: 'wanted' }, byMia);
    await hears.send({ id: 'other' }, byMia);
    expect(await wishes()).toHaveLength(2);
    await writes.admitAnswer(answer('wanted'));
    expect(stopped).toEqual([]);
    await hears.send({ id: 'wanted' }, byMia);
    expect(await wishes()).toHaveLength(2);
    await writes.look();
    expect(stopped).toEqual(['wanted: person']);
  });

  it('of a newer version are left to it, until they are over', async () => {
    const hears = processNamed('p');
    await busy('q');
    const newer = { wish: 'w', target: { planet: 'mars' }, cause: { kind: 'bored' }, atMs: clock.now() };
    await valuesOf(store, 'stops').set('all', { version: 1, value: { wishes: [newer, 'nonsense'] } });
    await hears.send({ id: 'wanted' }, byMia);
    expect(await wishes()).toMatchObject([newer, { target: { id: 'wanted' } }]);
    await clock.advance(6 * 60_000);
    await hears.send({ id: 'other' }, byMia);
    expect(await wishes()).toHaveLength(3);
    await clock.advance(4 * 60_000 + 1);
    await hears.send({ id: 'wanted' }, byMia);
    expect(await wishes()).toMatchObject([{ target: { id: 'other' } }, { target: { id: 'wanted' } }]);
  });

  it('that name an event stop its answer also where that begins later', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q', 'event of late');
    await hears.send({ eventId: 'event of late' }, { kind: 'question_deleted' });
    await writes.admitAnswer(answer('late'));
    await busy('q', 'event of local');
    await writes.send({ eventId: 'event of local' }, { kind: 'question_deleted' });
    await writes.admitAnswer(answer('local'));
    expect(stopped).toEqual(['late: question_deleted', 'local: question_deleted']);
  });

  it('for an answer also stop the one that takes its place, and one asked later is left alone', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q');
    const edited = { inPlaceOf: 'old' };
    for (const id of ['new', 'again']) writes.arrive(`event of ${id}`);
    await writes.look();
    await hears.send({ id: 'old' }, byMia);
    await writes.admitAnswer(answer('new', edited));
    await writes.admitAnswer(answer('newer', edited));
    await writes.admitAnswer(answer('again'));
    expect(stopped).toEqual(['new: person']);
  });

  it('of an edit stop what was asked before it, in whatever order they come', async () => {
    const [hears, writes] = [processNamed('p'), processNamed('q')];
    await busy('q', 'question');
    const edit = (editedAt: number) => answer(`edit ${editedAt}`, { message: 'question', editedAt });
    await writes.admitAnswer(answer('first', { eventId: 'question', message: 'question' }));
    await writes.admitAnswer(edit(1));
    for (const process of [hears, writes]) process.arrive('event of edit 2');
    await hears.send({ eventId: 'question' }, { kind: 'question_edited', editedAt: 2 });
    await writes.look();
    await writes.admitAnswer(edit(2));
    await hears.admitAnswer(edit(3));
    expect(stopped).toEqual(['first: question_edited', 'edit 1: question_edited']);
  });

  it('are written down only where another process is at work on what they may mean', async () => {
    const alone = processNamed('p');
    await busy('p');
    await alone.admitAnswer(answer('mine'));
    expect(await alone.send({ guild: 'slack:1' }, byMia)).toEqual({ stopped: 1, elsewhere: false });
    await busy('q');
    expect(await alone.send({ eventId: 'event of nobody' }, byMia)).toEqual({ stopped: 0, elsewhere: false });
    expect(await wishes()).toEqual([]);
  });

  it('reach a process that stalled longer than its leases, too', async () => {
    const [hears, stalled] = [processNamed('p'), processNamed('q')];
    await store.claims.claim('event', 'q', clock.now() - 5_000, clock.now() + 3_600_000);
    await stalled.admitAnswer(answer('mine'));
    await hears.send({ guild: 'slack:1' }, byMia);
    await clock.advance(1_000);
    expect(stopped).toEqual(['mine: person']);
  });

  it('of another version keep nothing from being asked', async () => {
    const another = { answer: 'wanted', name: 'Mia' };
    for (const stored of [
      { version: 1, value: { wishes: [another] } },
      { version: 99, value: another },
    ]) {
      await valuesOf(store, 'stops').set('all', stored);
      await processNamed('p').admitAnswer(answer('wanted'));
      expect(stopped).toEqual([]);
    }
  });
});

describe('two bots on one store', () => {
  const here: GuildId = 'discord:1';
  const asAda = { actor: testActor('ada', { isAdmin: true }) };
  const thread = { place: { key: 'thread' } };
  let provider: FakeProvider;
  /** Hears of wishes … */
  let hears: TestBot;
  /** … that concern this one. */
  let writes: TestBot;

  beforeEach(async () => {
    provider = await createFakeProvider({ generations: { [GENERATION_ID]: { total_cost: 0.001 } } });
    hears = await createTestBot({ store, clock, provider });
    writes = await createTestBot({ store, clock, provider });
    for (const each of [provider, hears, writes]) onTestFinished(() => each.close());
  });

  /** Somebody asks, and the answer has begun. */
  async function begin(event: TestEvent = thread) {
    const live = provider.live();
    const asked = messageOf('My question?', event);
    const done = writes.dispatch.message(asked);
    const { closed } = await live.request;
    await live.text('As far');
    await waitUntil(() => expect(asked.surface.text).toBe('As far'), PATIENCE_MS);
    return { ...live, closed, asked, done, note: () => asked.surface.shown?.note };
  }

  async function say(command: string, options: Record<string, unknown> = {}, event: TestEvent = thread) {
    const invocation = invocationOf(command, options, event);
    await hears.dispatch.command(invocation);
    return invocation.surface.privateTexts[0]?.text;
  }

  /** Moves time until something is done that waits for the other process; five times as fast as real time, in which the tokenizer loads. */
  async function inTime<T>(doing: Promise<T>): Promise<T> {
    let isDone = false;
    void doing.finally(() => {
      isDone = true;
    });
    await waitUntil(async () => {
      await clock.advance(100);
      expect(isDone).toBe(true);
    }, PATIENCE_MS);
    return doing;
  }

  const memory = async (key = 'thread') =>
    (await hears.services.chat.conversationAt({ guild: here, channel: 'c1', key }))?.turns.map(
      ({ question, answer }) => [question, answer],
    );
  const costs = () => collect(store.records.query({ kind: 'usage' }));
  const answersKept = async () => {
    const kept: unknown[] = [];
    for await (const entry of valuesOf(store, 'answers').entries()) kept.push(entry);
    return kept.length;
  };

  it.each([
    ['a press on Stop', 'Stopped by Mia.'],
    ['the deletion of the question', 'Stopped: the question was deleted.'],
    ['/stop in a thread', 'Stopped by Mia.'],
    ['/stop in a channel', 'Stopped by Mia.'],
    ['/stop of an admin', 'Stopped by Ada.'],
    ['/forget of the conversation', 'Stopped: the conversation was deleted.'],
    ['/forget of the person', 'Stopped: the conversation was deleted.'],
    ['/forget of the guild', 'Stopped: the conversation was deleted.'],
  ])('stop each other’s answers by %s', async (how, note) => {
    const place = how === '/stop in a channel' ? {} : thread;
    const other = await begin({
      ...thread,
      actor: testActor('ben', { guild: 'discord:2' }),
      place: { key: 't2' },
    });
    const mine = await begin({ ...place, id: 'question' });
    switch (how) {
      case 'a press on Stop': {
        const answerId = mine.asked.surface.shown?.buttons[0]?.answerId ?? '';
        await hears.dispatch.press(pressOf('stop', answerId));
        break;
      }
      case 'the deletion of the question':
        await hears.dispatch.retract('question');
        break;
      case '/stop of an admin':
        await say('stop', {}, { ...thread, ...asAda });
        break;
      case '/forget of the conversation':
        await say('forget');
        break;
      case '/forget of the person':
        await inTime(say('forget', { what: 'myself', sure: 'yes' }));
        break;
      case '/forget of the guild':
        await inTime(say('forget', { what: 'guild', sure: 'yes' }, asAda));
        break;
      default:
        expect(await say('stop', {}, place)).toBe(
          'If you have an answer in progress here, it will stop in a moment.',
        );
    }
    await clock.advance(1_000);
    await mine.done;
    expect(mine.note()).toBe(note);
    expect(await mine.closed).toBe('aborted');
    expect(other.asked.surface.shown?.status).toBe('streaming');
    await other.finish();
    await other.done;
    expect(other.asked.surface.shown?.status).toBe('complete');
  });

  it('stop what waits for its turn in the other, too', async () => {
    const bens = await begin({ ...thread, actor: testActor('ben') });
    const waiting = messageOf('Mine?', thread);
    const done = writes.dispatch.message(waiting);
    await waitUntil(() => expect(waiting.surface.activities).toContain('queued'), PATIENCE_MS);
    await say('stop');
    await clock.advance(1_000);
    await done;
    await bens.finish();
    await bens.done;
    expect(bens.asked.surface.shown?.status).toBe('complete');
    expect(provider.chats).toHaveLength(1);
  });

  it('do not stop what is asked after the wish', async () => {
    const before = await begin();
    await say('stop', {}, { actor: testActor('mia'), ...thread });
    const after = await begin({ place: { key: 'another thread' } });
    await say('stop');
    const later = await begin({ place: { key: 'a third thread' } });
    await clock.advance(5_000);
    await before.done;
    expect(before.note()).toBe('Stopped by Mia.');
    for (const { asked, finish, done } of [after, later]) {
      expect(asked.surface.shown?.status).toBe('streaming');
      await finish();
      await done;
      expect(asked.surface.shown?.status).toBe('complete');
    }
  });

  it.each([
    ['conversation', {}],
    ['myself', {}],
    ['guild', asAda],
  ])('write nothing again of what the other has forgotten with what:%s', async (what, who) => {
    provider.answer('Ben’s answer.', { prompt_tokens: 1, completion_tokens: 1, cost: 0.001 });
    await writes.dispatch.message(messageOf('Ben asks?', { ...thread, actor: testActor('ben') }));
    const mine = await begin();
    const actor = what === 'conversation' ? asAda : who;
    const forgetting = say('forget', { what, sure: 'yes' }, { ...thread, ...actor });
    await waitUntil(async () => expect(await wishes()).toHaveLength(1), PATIENCE_MS);
    // It is complete before the other process looks for wishes.
    await mine.finish();
    await mine.done;
    expect(mine.asked.surface.shown?.status).toBe('complete');
    expect(await inTime(forgetting)).toMatch(/^Deleted/);
    await clock.advance(60_000);
    expect(await memory()).toEqual(what === 'myself' ? [['Ben asks?', 'Ben’s answer.']] : undefined);
    expect(await answersKept()).toBe(what === 'myself' ? 1 : 0);
    if (what !== 'conversation') {
      expect((await costs()).map(({ user }) => user)).toEqual(what === 'myself' ? ['ben'] : []);
    }
  });

  it('ask no model what was forgotten before it was sent, so that it costs nothing', async () => {
    const gate = Promise.withResolvers<void>();
    let isAdmitted = false;
    const slow = await createTestBot({
      // Settings are read when the question has its turn.
      store: tapStore(store, ({ kind, namespace }) => {
        isAdmitted ||= kind === 'write' && namespace === 'answers';
        return isAdmitted && kind === 'read' && namespace === 'settings' ? gate.promise : undefined;
      }),
      clock,
      provider,
    });
    onTestFinished(() => slow.close());
    const asked = messageOf('Mine?', thread);
    const done = slow.dispatch.message(asked);
    await waitUntil(async () => expect(await answersKept()).toBe(1), PATIENCE_MS);
    expect(await say('forget', { what: 'myself', sure: 'yes' })).toMatch(/^No questions of yours are stored/);
    gate.resolve();
    await done;
    expect(provider.chats).toEqual([]);
    expect(asked.surface).toMatchObject({ messages: [], privateTexts: [] });
    expect(await costs()).toEqual([]);
    expect(await store.ledger.openReservations({ guild: here })).toEqual([]);
    expect(await answersKept()).toBe(0);
  });

  it('forget what an answer cost that was stopped in the other, once its price is known', async () => {
    const mine = await begin();
    expect(await inTime(say('forget', { what: 'myself', sure: 'yes' }))).toMatch(
      /0 questions of yours .* and the cost of 1 requests?\. Messages already posted/,
    );
    await mine.done;
    await clock.advance(60_000);
    expect(await costs()).toEqual([]);
    expect(await store.ledger.openReservations({ guild: here })).toEqual([]);
  });

  it('say so where a price does not come in time, and wait for none that nobody looks after', async () => {
    const reservation = {
      draws: [],
      reserved: { nanoUsd: 1, setAsideNanoUsd: 0, requests: 1, attempts: 1 },
      entry: { guild: here, user: 'mia', model: 'm', provider: 'p', payer: 'operator' },
      madeAtMs: clock.now(),
      owner: 'another',
    } as const;
    const untilMs = clock.now() + 60_000;
    await store.ledger.reserve({ ...reservation, id: 'slow', leaseUntilMs: untilMs });
    const startMs = clock.now();
    expect(await inTime(say('forget', { what: 'myself', sure: 'yes' }))).toMatch(
      /The cost of 1 more request is not known yet .* Run this command again in a few minutes/,
    );
    expect(clock.now() - startMs).toBeGreaterThanOrEqual(10_000);
    await clock.advance(60_000);
    expect(await say('forget', { what: 'myself', sure: 'yes' })).toMatch(
      /The cost of 1 more request is not known yet/,
    );
  });

  it('tell an answer’s own process from others: there they count', async () => {
    const mine = await begin();
    const stop = invocationOf('stop', {}, thread);
    await writes.dispatch.command(stop);
    await mine.done;
    expect(stop.surface.privateTexts[0]?.text).toBe('Stopped.');
    expect(await say('stop')).toBe('You have no answer in progress here.');
  });
});
