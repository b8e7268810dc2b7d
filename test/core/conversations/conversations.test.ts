import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type Conversation,
  isOutdated,
  MAX_TURNS,
  type Memory,
  memoryBefore,
  startedOver,
  starterOf,
  type Turn,
  unlessEmpty,
  withoutAnswer,
  withoutPerson,
  withSummary,
  withTurn,
} from '../../../src/core/conversations/conversation.ts';
import { type Conversations, createConversations } from '../../../src/core/conversations/conversations.ts';
import { applyChange } from '../../../src/core/conversations/setting.ts';
import { forgetAllIn, forgetTurnsOf } from '../../../src/core/conversations/writings.ts';
import type { QuotedPart } from '../../../src/core/ports/parts.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';
import { tapStore } from '../../support/tapped-store.ts';

const { log } = createLogRecorder();
let clock: FakeClock;
let store: Store;

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log });
  onTestFinished(() => store.close());
});

const processOn = (onStore = store): Conversations => createConversations(onStore, 86_400_000);

/** A store on which a process stalls before each write of a value, until it is told to go on. */
function stalling(): { readonly store: Store; readonly stalled: Promise<void>; goOn(): void } {
  const [stalled, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = tapStore(store, async ({ kind }) => {
    if (kind === 'read') return;
    stalled.resolve();
    await goOn.promise;
  });
  return { store: slow, stalled: stalled.promise, goOn: goOn.resolve };
}

function turn(id: string, user = 'mia'): Turn {
  return {
    id,
    user,
    author: user,
    question: `${id}?`,
    answer: `${id}.`,
    model: 'm',
    status: 'complete',
    askedAtMs: 1,
    tokens: 1,
  };
}

const wanted = async () => true;

/** Waits while time goes by: work that waits for the other process looks again. */
async function all<T>(...working: readonly Promise<T>[]): Promise<T[]> {
  await clock.advance(10_000);
  return Promise.all(working);
}

describe('two processes with one conversation', () => {
  it('lose no turn that both record at once', async () => {
    const [here, there] = [processOn(), processOn()];
    const { id } = await here.openConversation('discord:1', null);
    const ids = Array.from({ length: 10 }, (_, index) => `turn ${index}`);
    await all(...ids.map((name, index) => (index % 2 ? here : there).record(id, turn(name), wanted)));
    expect((await here.get(id))?.turns.map((kept) => kept.id).toSorted()).toEqual(ids);
  });

  it('bring no turn back that the other forgets meanwhile', async () => {
    const [here, there] = [processOn(), processOn()];
    const { id } = await here.openConversation('discord:1', null);
    await here.record(id, turn('one', 'mia'), wanted);
    await all<unknown>(
      there.record(id, turn('two', 'ben'), wanted),
      forgetTurnsOf(here, 'discord:1', 'mia'),
      there.record(id, turn('three', 'ben'), wanted),
    );
    expect((await here.get(id))?.turns.map((kept) => kept.id)).toEqual(['two', 'three']);
  });

  it('begin one where both get the first question at one place', async () => {
    const processes = [processOn(), processOn(), processOn()];
    const opened = await all(
      ...processes.map((each) => each.openConversation('discord:1', 'discord:thread/1')),
    );
    const [{ id } = { id: '' }] = opened;
    expect(new Set(opened.map((each) => each.id))).toEqual(new Set([id]));
    expect(await Array.fromAsync(processes[0]?.idsOf('discord:1') ?? [])).toEqual([id]);
    expect((await processes[0]?.at('discord:thread/1'))?.id).toBe(opened[0]?.id);
  });

  it('lose no turn to one that stalls while it writes', async () => {
    const here = processOn();
    const { id } = await here.openConversation('discord:1', null);
    const stall = stalling();
    const recording = processOn(stall.store).record(id, turn('late'), wanted);
    await stall.stalled;
    expect(await here.record(id, turn('newer'), wanted)).toBe(true);
    stall.goOn();
    expect(await recording).toBe(true);
    expect((await here.get(id))?.turns.map((kept) => kept.id)).toEqual(['newer', 'late']);
  });

  it('lose no newer answer to an older one of a dead process that is recorded at the same moment', async () => {
    const here = processOn();
    const { id } = await here.openConversation('discord:1', null);
    const stall = stalling();
    const older = { ...turn('one'), answer: 'Older.' };
    const recording = processOn(stall.store).record(id, older, wanted, { unlessNewer: true });
    await stall.stalled;
    await here.record(id, { ...turn('one'), answer: 'Newer.', askedAtMs: 2 }, wanted);
    stall.goOn();
    expect(await recording).toBe(false);
    expect((await here.get(id))?.turns).toMatchObject([{ answer: 'Newer.' }]);
  });

  it.each(['forget', 'forgetGuild'] as const)('bring nothing back after %s', async (how) => {
    const [here, there] = [processOn(), processOn()];
    const { id } = await here.openConversation('discord:1', null);
    await all<unknown>(
      there.record(id, turn('one'), wanted),
      how === 'forget' ? here.forget(id) : forgetAllIn(here, 'discord:1'),
    );
    expect(await there.record(id, turn('two'), wanted)).toBe(false);
    expect(await here.get(id)).toBeNull();
  });

  it('keep no turn of a person who is forgotten while it is written', async () => {
    const here = processOn();
    const { id } = await here.openConversation('discord:1', null);
    await here.record(id, turn('one', 'ben'), wanted);
    const stall = stalling();
    let isForgotten = false;
    const recording = processOn(stall.store).record(id, turn('two'), async () => !isForgotten);
    await stall.stalled;
    isForgotten = true;
    // Has nothing to forget yet.
    expect(await forgetTurnsOf(here, 'discord:1', 'mia')).toBe(0);
    stall.goOn();
    expect(await recording).toBe(false);
    expect((await here.get(id))?.turns.map((kept) => kept.id)).toEqual(['one']);
  });

  it('keep no turn that is not wanted any more by the time it can be recorded', async () => {
    const [here, there] = [processOn(), processOn()];
    const { id } = await here.openConversation('discord:1', null);
    let isWanted = true;
    const recording = [
      there.record(id, turn('one', 'ben'), wanted),
      there.record(id, turn('two'), async () => isWanted),
    ];
    isWanted = false;
    expect(await all(...recording)).toEqual([true, false]);
    expect((await here.get(id))?.turns.map((kept) => kept.id)).toEqual(['one']);
  });
});

describe('a conversation', () => {
  it('is found at each of its places, listed by its guild, and kept for a day after its last change', async () => {
    const conversations = processOn();
    const { id } = await conversations.openConversation('discord:1', 'a thread');
    const other = await conversations.openConversation('discord:12', null);
    await conversations.attach(id, 'its message');
    const found = async (place: string) => (await conversations.at(place))?.id;
    expect([await found('a thread'), await found('its message'), await found('elsewhere')]).toEqual([
      id,
      id,
      undefined,
    ]);
    expect((await conversations.openConversation('discord:1', 'its message')).id).toBe(id);
    expect(await Array.fromAsync(conversations.idsOf('discord:1'))).toEqual([id]);
    // At no place, each is another.
    const more = await conversations.openConversation('discord:12', null);
    expect(more.id).not.toBe(other.id);
    expect(other.id).toMatch(/^discord:12\/[\da-f-]{36}$/);
    await clock.advance(86_399_999);
    expect(await conversations.get(other.id)).toEqual({ id: other.id, turns: [] });
    await conversations.record(id, turn('one'), wanted);
    await clock.advance(86_399_999);
    expect(await conversations.get(other.id)).toBeNull();
    expect((await conversations.get(id))?.turns).toHaveLength(1);
    // Places are kept as long as nobody comes back to them.
    expect(await found('a thread')).toBeUndefined();
    expect(await conversations.forget(id)).toBe(true);
    expect(await conversations.forget(id)).toBe(false);
  });

  it('is as it was if nothing changes, which is said', async () => {
    const conversations = processOn();
    const { id } = await conversations.openConversation('discord:1', null);
    expect(await conversations.change(id, (same) => same)).toBe(false);
    expect(await conversations.change(id, (before) => ({ ...before, model: 'm' }))).toBe(true);
    expect(await conversations.change('unknown', (before) => ({ ...before, model: 'm' }))).toBe(false);
    expect(await conversations.change(id, () => undefined)).toBe(true);
    expect(await conversations.get(id)).toBeNull();
  });
});

describe('the model that is chosen for a conversation', () => {
  it('stays while turns come, and goes with the conversation', async () => {
    const conversations = processOn();
    const { id } = await conversations.openConversation('discord:1', null);
    await conversations.change(id, (before) => applyChange(before, { model: 'openai/gpt-4o' }));
    await conversations.record(id, turn('one'), wanted);
    expect(await conversations.get(id)).toMatchObject({ model: 'openai/gpt-4o', turns: [{ id: 'one' }] });
    await conversations.change(id, (before) => applyChange(before, { model: undefined }));
    expect((await conversations.get(id))?.model).toBeUndefined();
    await conversations.forget(id);
    await conversations.change(id, (before) => applyChange(before, { model: 'openai/gpt-4o' }));
    expect(await conversations.get(id)).toBeNull();
  });
});

it('a person who is forgotten takes their own instructions and summaries from a conversation, and no others', () => {
  const instructions = { text: 'Be kind.', by: 'ada' };
  const summary = { text: 'So far.', through: 'x', people: ['ada'], tokens: 1 };
  const shared = {
    id: 'c',
    turns: [turn('a', 'mia'), turn('b', 'ada')],
    startedBy: 'ada',
    instructions,
    summary,
  };
  expect(withoutPerson(shared as Conversation, 'mia')).toEqual({ ...shared, turns: [turn('b', 'ada')] });
  expect(withoutPerson(shared as Conversation, 'ada')).toEqual({ id: 'c', turns: [turn('a', 'mia')] });
});

describe('a question that was asked again', () => {
  const answered = (answerId: string, askedAtMs: number, more: Partial<Turn> = {}): Turn => ({
    ...turn('one'),
    answerId,
    askedAtMs,
    answer: `${answerId}.`,
    model: `m/${answerId}`,
    bill: { costNanoUsd: askedAtMs, payer: 'guild' },
    ...more,
  });
  const begun = (...turns: Turn[]) => turns.reduce(withTurn, { id: 'c', turns: [] } as Conversation);
  const answerOf = (answerId: string, askedAtMs: number, status: Turn['status'] = 'complete') => ({
    answer: `${answerId}.`,
    model: `m/${answerId}`,
    status,
    askedAtMs,
    answerId,
    bill: { costNanoUsd: askedAtMs, payer: 'guild' },
  });

  it('keeps its earlier answers, newest first, each with its model, time and cost', () => {
    const { turns } = begun(answered('a', 1, { status: 'stopped' }), answered('b', 2), answered('c', 3));
    expect(turns).toEqual([
      { ...answered('c', 3), earlier: [answerOf('b', 2), answerOf('a', 1, 'stopped')] },
    ]);
  });

  it('keeps three of them', () => {
    const { turns } = begun(...[1, 2, 3, 4, 5].map((at) => answered(`a${at}`, at)));
    expect(turns[0]?.earlier?.map(({ answerId }) => answerId)).toEqual(['a4', 'a3', 'a2']);
  });

  it('keeps none if its words have changed, if its answer had no id, or if that is the same answer', () => {
    for (const turns of [
      [answered('a', 1), answered('b', 2, { question: 'Other?' })],
      [{ ...turn('one'), question: 'one?' }, answered('b', 2)],
      [answered('a', 1), answered('a', 1, { answer: 'More.' })],
    ]) {
      const [kept, ...others] = begun(...turns).turns;
      expect(others).toEqual([]);
      expect(kept).not.toHaveProperty('earlier');
    }
  });

  it('loses one answer, and the one before it counts again at its own cost', () => {
    const asked = begun(turn('zero'), answered('a', 1), answered('b', 2), answered('c', 3), turn('two'));
    const turnsWithout = (...ids: string[]) => {
      const { turns } = ids.reduce((of, id) => withoutAnswer(of, 'one', id), asked);
      expect(turns.map(({ id }) => id)).toEqual(ids.length < 3 ? ['zero', 'one', 'two'] : ['zero', 'two']);
      return turns[1];
    };
    expect(turnsWithout('b')).toEqual({ ...answered('c', 3), earlier: [answerOf('a', 1)] });
    expect(turnsWithout('b', 'a')).toEqual(answered('c', 3));
    // How many tokens the older answers have was not kept.
    const { tokens: _, ...older } = answered('b', 2);
    expect(turnsWithout('c')).toEqual({ ...older, earlier: [answerOf('a', 1)] });
    const { tokens: __, ...oldest } = answered('a', 1);
    expect(turnsWithout('c', 'b')).toEqual(oldest);
    expect(turnsWithout('c', 'b', 'a')).toEqual(turn('two'));
    expect(withoutAnswer(asked, 'unknown', 'c')).toBe(asked);
  });

  it('takes its place, however long ago it was asked; a new one is the last', () => {
    const { turns } = begun(turn('one'), turn('two'), answered('b', 2), turn('three'));
    expect(turns.map(({ id, answer }) => `${id} ${answer}`)).toEqual(['one b.', 'two two.', 'three three.']);
  });

  it('has a newer answer already if that was asked for at the same time or later', () => {
    const kept = begun(answered('a', 5));
    const at = (askedAtMs: number, id = 'one') => isOutdated(kept, { ...turn(id), askedAtMs });
    expect([at(4), at(5), at(6), at(4, 'two')]).toEqual([true, true, false, false]);
  });
});

describe('a conversation that was started anew', () => {
  const of = (...turns: Turn[]) => turns.reduce(withTurn, { id: 'c', turns: [] } as Conversation);
  const at = (id: string, askedAtMs: number) => ({ ...turn(id), askedAtMs });
  const past = (conversation: Conversation) =>
    conversation.turns.filter(({ isPast }) => isPast).map(({ id }) => id);
  const asked = (conversation: Conversation, id: string) =>
    memoryBefore(conversation, id).turns.map((each) => each.id);

  it('includes nothing of before in new questions, and all of it in old ones that are asked again', () => {
    const summary = { text: 'So far.', through: 'one', people: ['mia'] };
    const anew = startedOver({ ...of(at('one', 1), at('two', 2)), summary }, 10);
    expect(anew).toMatchObject({ anewAtMs: 10, startedBy: 'mia' });
    expect(anew).not.toHaveProperty('summary');
    const later = withTurn(withTurn(anew, at('three', 11)), at('four', 12));
    expect(past(later)).toEqual(['one', 'two']);
    expect(asked(later, 'new')).toEqual(['three', 'four']);
    expect(asked(later, 'four')).toEqual(['three']);
    expect(asked(later, 'two')).toEqual(['one']);
  });

  it('counts what was asked before and is answered or asked again after as past', () => {
    const anew = startedOver(of(at('one', 1)), 10);
    const later = withTurn(withTurn(withTurn(anew, at('late', 9)), at('one', 20)), at('new', 10));
    expect(past(later)).toEqual(['one', 'late']);
  });
});

it('a person who is forgotten takes what others quoted of theirs, and the size that was counted with it', () => {
  const quote = (user: string): QuotedPart => ({
    type: 'quoted',
    why: 'thread',
    author: { user, name: user },
    text: 'Hi',
    files: [],
  });
  const quoting = { ...turn('a', 'ada'), brought: [quote('mia'), quote('zoe')] };
  const other = { ...turn('b', 'ada'), brought: [quote('zoe')] };
  const shared: Conversation = { id: 'c', turns: [quoting, other], startedBy: 'ada' };
  const { tokens: _, ...uncounted } = quoting;
  expect(withoutPerson(shared, 'mia')).toEqual({
    ...shared,
    turns: [{ ...uncounted, brought: [quote('zoe')] }, other],
  });
  expect(withoutPerson(shared, 'nobody')).toBe(shared);
  expect(withoutPerson(shared, 'ada')).toBeUndefined();
  const instructed = { ...shared, instructions: { text: 'Be kind.', by: 'ben' } };
  expect(withoutPerson(instructed, 'ada')).toEqual({
    id: 'c',
    turns: [],
    instructions: instructed.instructions,
  });
  expect(unlessEmpty({ id: 'c', turns: [] })).toBeUndefined();
});

it('a conversation belongs to the person who began it, also when their first question is gone', async () => {
  const conversations = processOn();
  const { id } = await conversations.openConversation('discord:1', null);
  const starter = async () => {
    const found = await conversations.get(id);
    return found && starterOf(found);
  };
  expect(starterOf({ id, turns: [] })).toBeNull();
  // As v0.1.0 stored it.
  expect(starterOf({ id, turns: [turn('one', 'mia'), turn('two', 'ben')] })).toBe('mia');
  await conversations.record(id, turn('one', 'mia'), wanted);
  await conversations.record(id, turn('two', 'ben'), wanted);
  await conversations.change(id, (before) => withoutAnswer(before, 'one', 'answer'));
  expect((await conversations.get(id))?.turns.map((kept) => kept.id)).toEqual(['two']);
  expect(await starter()).toBe('mia');
  for (let count = 0; count < MAX_TURNS; count++)
    await conversations.record(id, turn(`t${count}`, 'ben'), wanted);
  expect(await starter()).toBe('mia');
  // If its starter is forgotten, the rest of a conversation belongs to the next person.
  await forgetTurnsOf(conversations, 'discord:1', 'mia');
  expect(await starter()).toBe('ben');
});

describe('a summary of turns', () => {
  async function begin(...names: string[]) {
    const conversations = processOn();
    const { id } = await conversations.openConversation('discord:1', null);
    for (const name of names) await conversations.record(id, turn(name), wanted);
    const stored = async () => {
      const found = await conversations.get(id);
      if (found === null) throw new Error('it is there');
      return found;
    };
    const summarise = async (through: string, turns?: readonly Turn[]) => {
      const all = turns ?? (await stored()).turns;
      const covered = all.slice(0, all.findIndex((other) => other.id === through) + 1);
      const summary = { text: `up to ${through}`, through, people: ['mia'] };
      return conversations.change(id, (before) => withSummary(before, summary, covered));
    };
    return { conversations, id, stored, summarise };
  }
  const remembered = ({ summary, turns }: Memory) => [summary?.text ?? null, ...turns.map(({ id }) => id)];

  it('stands for them in what questions bring, and for nothing where one of them is asked again', async () => {
    const { stored, summarise } = await begin('a', 'b', 'c', 'd');
    expect(await summarise('b')).toBe(true);
    expect(remembered(memoryBefore(await stored(), 'new'))).toEqual(['up to b', 'c', 'd']);
    expect(remembered(memoryBefore(await stored(), 'd'))).toEqual(['up to b', 'c']);
    expect(remembered(memoryBefore(await stored(), 'c'))).toEqual(['up to b']);
    expect(remembered(memoryBefore(await stored(), 'b'))).toEqual([null, 'a']);
  });

  it('goes with the answer of one of them, and stays with those after them', async () => {
    const { conversations, id, stored, summarise } = await begin('a', 'b', 'c');
    await summarise('b');
    await conversations.record(id, { ...turn('c'), answer: 'other' }, wanted);
    expect((await stored()).summary?.text).toBe('up to b');
    await conversations.record(id, { ...turn('a'), answer: 'other' }, wanted);
    expect((await stored()).summary).toBeUndefined();
  });

  it('goes with one of them whose answer is deleted, and stays with those after them', async () => {
    const { conversations, id, stored, summarise } = await begin('a', 'b', 'c');
    await summarise('b');
    await conversations.change(id, (before) => withoutAnswer(before, 'c', 'answer'));
    expect((await stored()).summary?.text).toBe('up to b');
    await conversations.change(id, (before) => withoutAnswer(before, 'a', 'answer'));
    expect(await stored()).toMatchObject({ turns: [{ id: 'b' }] });
    expect((await stored()).summary).toBeUndefined();
  });

  it('is not kept if one of them was changed or forgotten while it was written', async () => {
    const { conversations, id, stored, summarise } = await begin('a', 'b', 'c');
    const { turns } = await stored();
    await conversations.record(id, { ...turn('a'), answer: 'other' }, wanted);
    expect(await summarise('b', turns)).toBe(false);
    await conversations.record(id, turn('d', 'ben'), wanted);
    const before = (await stored()).turns;
    await forgetTurnsOf(conversations, 'discord:1', 'ben');
    expect(await summarise('d', before)).toBe(false);
    await conversations.forget(id);
    expect(await summarise('b', turns)).toBe(false);
  });

  it('outlives the turns that it stands for: a conversation keeps its newest 100', async () => {
    const { conversations, id, stored, summarise } = await begin('a', 'b', 'c');
    await summarise('b');
    for (let count = 0; count < MAX_TURNS; count++) await conversations.record(id, turn(`t${count}`), wanted);
    expect((await stored()).turns.map((kept) => kept.id)).toEqual(
      Array.from({ length: 100 }, (_, index) => `t${index}`),
    );
    expect(remembered(memoryBefore(await stored(), 'new')).slice(0, 2)).toEqual(['up to b', 't0']);
  });
});
