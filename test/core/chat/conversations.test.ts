import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Conversations, createConversations, type Turn } from '../../../src/core/chat/conversations.ts';
import { createLocks } from '../../../src/core/locks.ts';
import type { Store } from '../../../src/core/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const { log } = createLogRecorder();
let clock: FakeClock;
let store: Store;
let closing: (() => Promise<void>)[];

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log });
  closing = [() => store.close()];
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

function processNamed(owner: string): Conversations {
  const locks = createLocks({ claims: store.claims, owner, clock, log });
  closing.push(() => locks.stop());
  return createConversations(store, locks, 86_400_000);
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

/** What waits for the other process looks again as time goes by. */
async function all<T>(...working: readonly Promise<T>[]): Promise<T[]> {
  await clock.advance(10_000);
  return Promise.all(working);
}

describe('two processes with one conversation', () => {
  it('lose no turn that both record at once', async () => {
    const [here, there] = [processNamed('p'), processNamed('q')];
    const { id } = await here.create('discord:1', null);
    const ids = Array.from({ length: 10 }, (_, index) => `turn ${index}`);
    await all(...ids.map((name, index) => (index % 2 ? here : there).record(id, turn(name), wanted)));
    expect((await here.get(id))?.turns.map((kept) => kept.id).toSorted()).toEqual(ids);
  });

  it('bring no turn back that the other forgets meanwhile', async () => {
    const [here, there] = [processNamed('p'), processNamed('q')];
    const { id } = await here.create('discord:1', null);
    await here.record(id, turn('one', 'mia'), wanted);
    await all<unknown>(
      there.record(id, turn('two', 'ben'), wanted),
      here.forgetPerson('discord:1', 'mia'),
      there.record(id, turn('three', 'ben'), wanted),
    );
    expect((await here.get(id))?.turns.map((kept) => kept.id)).toEqual(['two', 'three']);
  });

  it.each(['forget', 'forgetGuild'] as const)('bring nothing back after %s', async (how) => {
    const [here, there] = [processNamed('p'), processNamed('q')];
    const { id } = await here.create('discord:1', null);
    await all<unknown>(
      there.record(id, turn('one'), wanted),
      how === 'forget' ? here.forget(id) : here.forgetGuild('discord:1'),
    );
    expect(await there.record(id, turn('two'), wanted)).toBe(false);
    expect(await here.get(id)).toBeNull();
  });

  it('keep no turn that is not wanted any more by the time it can be recorded', async () => {
    const [here, there] = [processNamed('p'), processNamed('q')];
    const { id } = await here.create('discord:1', null);
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
    const conversations = processNamed('p');
    const { id } = await conversations.create('discord:1', null);
    await conversations.setModel(id, 'openai/gpt-4o');
    await conversations.record(id, turn('one'), wanted);
    expect(await conversations.get(id)).toMatchObject({ model: 'openai/gpt-4o', turns: [{ id: 'one' }] });
    await conversations.setModel(id, null);
    expect((await conversations.get(id))?.model).toBeUndefined();
    await conversations.forget(id);
    await conversations.setModel(id, 'openai/gpt-4o');
    expect(await conversations.get(id)).toBeNull();
  });
});
