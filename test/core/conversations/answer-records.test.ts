import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type AnswerRecord,
  type AnswerRecords,
  createAnswerRecords,
  newAnswerId,
  turnOf,
} from '../../../src/core/conversations/answer-records.ts';
import type { QuotedPart } from '../../../src/core/ports/parts.ts';
import type { Store } from '../../../src/core/ports/store.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { valuesOf } from '../../support/changes.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createLogRecorder } from '../../support/provider/test-client.ts';

const RETENTION_MS = 60_000;

let clock: FakeClock;
let store: Store;
let answers: AnswerRecords;

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore('memory:', { clock, log: createLogRecorder().log });
  onTestFinished(() => store.close());
  answers = createAnswerRecords(store, RETENTION_MS);
});

function recordOf(more: Partial<AnswerRecord> = {}): AnswerRecord {
  return {
    id: newAnswerId('discord:1'),
    guild: 'discord:1',
    user: 'mia',
    conversation: 'discord:1/c',
    turn: 't1',
    question: 'Why?',
    author: 'Mia',
    model: null,
    webSearch: false,
    ...more,
  };
}

const quote = (user: string): QuotedPart => ({
  type: 'quoted',
  why: 'reply',
  author: { user, name: user },
  text: `Words of ${user}`,
  files: [],
});

const keys = async () =>
  (
    await Promise.all(
      ['answers', 'asked', 'answer-messages'].map((name) => Array.fromAsync(store.keys(name, ''))),
    )
  ).flat();

/** An answer with one message, to a message of its own. */
async function keep(more: Partial<AnswerRecord> = {}): Promise<AnswerRecord> {
  const record = recordOf(more);
  await answers.saveNewest(record);
  for (const key of record.messages ?? []) await answers.attach(record.id, key);
  return record;
}

describe('the id of an answer', () => {
  it('is 26 characters that begin with the tag of its guild and can stand on any button', () => {
    const ids = ['discord:1', 'discord:1', 'discord:2'].map(newAnswerId);
    for (const id of ids) expect(id).toMatch(/^[\w-]{26}$/);
    const tags = ids.map((id) => id.slice(0, 8));
    expect(tags[0]).toBe(tags[1]);
    expect(tags[2]).not.toBe(tags[0]);
    // Ids of older versions of Parley must be found by the same tag.
    expect(tags).toEqual(['7wp2iFJw', '7wp2iFJw', 'ZrgksM9b']);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('an answer', () => {
  it('is found by its id, by the message it answers, and by each of its own messages', async () => {
    const record = await keep({ message: 'e1', messages: ['k1', 'k2'] });
    expect(await answers.get(record.id)).toEqual(record);
    expect(await answers.to('e1')).toEqual(record);
    expect(await answers.shownAt('k1')).toEqual(record);
    expect(await answers.shownAt('k2')).toEqual(record);
    for (const none of [await answers.get('x'), await answers.to('k1'), await answers.shownAt('e1')]) {
      expect(none).toBeNull();
    }
  });

  it('is kept for the time that is set after its last change', async () => {
    const { id } = await keep({ message: 'e1', messages: ['k1'] });
    await clock.advance(RETENTION_MS - 1);
    expect(await answers.amend(id, { reasoning: 'Because.' })).toBe(true);
    await clock.advance(RETENTION_MS - 1);
    expect((await answers.get(id))?.reasoning).toBe('Because.');
    expect([await answers.to('e1'), await answers.shownAt('k1')]).toEqual([null, null]);
    await clock.advance(1);
    expect(await answers.get(id)).toBeNull();
    expect(await answers.amend(id, { reasoning: 'Late.' })).toBe(false);
  });

  it('gives way as the newest to a later one, and takes its place again if that came to nothing', async () => {
    const first = await keep({ message: 'e1' });
    const second = await keep({ message: 'e1' });
    expect((await answers.to('e1'))?.id).toBe(second.id);
    // It is not the newest any more.
    await answers.withdrawNewest(first, 'x');
    expect((await answers.to('e1'))?.id).toBe(second.id);
    await answers.withdrawNewest(second, first.id);
    expect((await answers.to('e1'))?.id).toBe(first.id);
    await answers.withdrawNewest(first);
    expect(await answers.to('e1')).toBeNull();
    await answers.withdrawNewest(recordOf());
  });

  it('can be held for a later try, which no earlier one ends', async () => {
    const shown = { text: 'Yes', images: 0, sealed: 0, message: 'k' };
    const ending = { status: 'complete', note: null, footer: null, isCut: false } as const;
    const state = { id: 'a', model: 'm', askedAtMs: 1, ...shown, messages: ['k'], ending };
    const { id } = await keep();
    const held = { at: 'k', reference: 'r', state, tries: 2 };
    await answers.amend(id, { held });
    expect((await answers.unhold(id, 1))?.held?.tries).toBe(2);
    expect((await answers.get(id))?.held?.tries).toBe(2);
    expect((await answers.unhold(id, 2))?.held?.tries).toBe(2);
    expect(await answers.get(id)).not.toHaveProperty('held');
    expect(await answers.unhold('unknown', 2)).toBeNull();
  });

  it('takes what its messages stand for with it', async () => {
    const { id } = await keep({ messages: ['k1', 'k2'] });
    const other = await keep({ messages: ['k3'] });
    await answers.delete(id);
    await answers.delete('unknown');
    expect(await keys()).toEqual([other.id, 'k3']);
  });
});

describe('what is forgotten', () => {
  it('of a person is their answers in that guild, and what others quoted of theirs', async () => {
    await keep({ message: 'e1', messages: ['k1'] });
    const elsewhere = await keep({ id: newAnswerId('discord:2'), guild: 'discord:2' });
    const plain = await keep({ user: 'ben', brought: [quote('zoe')] });
    const quoting = await keep({ user: 'ben', brought: [quote('mia'), quote('zoe')] });
    const edited = await keep({ user: 'ben', edited: { question: 'How?', brought: [quote('mia')] } });
    const reworded = await keep({ user: 'ben', brought: [quote('mia')], edited: { question: 'How?' } });
    await answers.forgetPerson('discord:1', 'mia');
    const left = [elsewhere, plain, quoting, edited, reworded].map(({ id }) => id);
    expect((await keys()).toSorted()).toEqual(left.toSorted());
    expect(await answers.get(elsewhere.id)).toEqual(elsewhere);
    expect(await answers.get(plain.id)).toEqual(plain);
    expect(await answers.get(quoting.id)).toEqual({ ...quoting, brought: [quote('zoe')] });
    expect(await answers.get(edited.id)).toEqual({ ...edited, edited: { question: 'How?', brought: [] } });
    expect(await answers.get(reworded.id)).toEqual({ ...reworded, brought: [] });
  });

  it('of a guild is what matches there, with everything that leads to it', async () => {
    await keep({ conversation: 'discord:1/a', message: 'e1', messages: ['k1'] });
    const other = await keep({ conversation: 'discord:1/b' });
    await answers.forget('discord:1', ({ conversation }) => conversation === 'discord:1/a');
    expect(await keys()).toEqual([other.id]);
  });

  it('passes over what cannot be read', async () => {
    const { id } = await keep();
    await valuesOf(store, 'answers').set(`${id.slice(0, 8)}${'x'.repeat(18)}`, 'no answer');
    expect((await Array.fromAsync(answers.find('discord:1', () => true))).map((found) => found.id)).toEqual([
      id,
    ]);
  });

  it('is looked for among ids of version 0.1.0 as long as there are some', async () => {
    const old = await keep({ id: 'x'.repeat(24) });
    const found = async () =>
      (await Array.fromAsync(answers.find('discord:1', () => true))).map(({ id }) => id);
    expect(await found()).toEqual([old.id]);
    await answers.delete(old.id);
    expect(await found()).toEqual([]);
    // No process writes such ids any more.
    await keep({ id: 'y'.repeat(24) });
    expect(await found()).toEqual([]);
  });
});

it('an answer makes a turn with all that belongs to it', () => {
  const answer = { answer: 'Yes.', model: 'm', status: 'complete', askedAtMs: 5, tokens: 7 } as const;
  const bill = { costNanoUsd: 3, payer: 'guild' } as const;
  const record = recordOf({ brought: [quote('ben')] });
  const asked = { id: 't1', user: 'mia', author: 'Mia', question: 'Why?', answerId: record.id };
  expect(turnOf(record, { ...answer, bill })).toEqual({ ...asked, ...answer, bill, brought: [quote('ben')] });
  expect(turnOf({ ...record, brought: [] }, answer)).toEqual({ ...asked, ...answer });
});
