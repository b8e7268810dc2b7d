import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type Conversation,
  MAX_TURNS,
  type Memory,
  memoryBefore,
  type Turn,
  withoutAnswer,
  withoutPerson,
  withSummary,
} from '../../../src/core/conversations/conversation.ts';
import { type Conversations, createConversations } from '../../../src/core/conversations/conversations.ts';
import { applyChange } from '../../../src/core/conversations/setting.ts';
import { forgetAllIn, forgetTurnsOf } from '../../../src/core/conversations/writings.ts';
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

  it('outlives the turns that it stands for', async () => {
    const { conversations, id, stored, summarise } = await begin('a', 'b', 'c');
    await summarise('b');
    for (let count = 0; count < MAX_TURNS; count++) await conversations.record(id, turn(`t${count}`), wanted);
    expect(remembered(memoryBefore(await stored(), 'new')).slice(0, 2)).toEqual(['up to b', 't0']);
  });
});
