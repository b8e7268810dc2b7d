import { expect, it } from 'vitest';
import {
  attachMessages,
  keepLeftTurn,
  type LeftRecords,
} from '../../../../src/core/chat/recovery/left-records.ts';

const record = {
  ...{
    id: 'a',
    guild: 'discord:1',
    user: 'mia',
    author: 'Mia',
    conversation: 'c',
    turn: 't',
    question: 'Why?',
  },
  ...{ model: null, webSearch: false, isPrivate: false, messages: ['m1'] },
};
const state = {
  ...{ id: 'a', model: 'maker/model', askedAtMs: 5, text: 'Because', images: 0, sealed: 0 },
  ...{ message: null, ending: null },
};

/** Records of which some were forgotten, and what was stored of them. */
function recordsOf(...found: (typeof record | null)[]) {
  const stored: unknown[] = [];
  const records = {
    answers: {
      get: async () => found.shift() ?? null,
      attach: async (id: string, key: string) => void stored.push(`message ${key} of ${id}`),
      amend: async (_: string, more: object) => void stored.push(more),
    },
    conversations: {
      attach: async (id: string, key: string) => void stored.push(`place ${key} of ${id}`),
      async record(id: string, turn: object, isWanted: () => Promise<boolean>, options: object) {
        stored.push({ id, turn, isWanted: await isWanted(), ...options });
      },
    },
  } as unknown as LeftRecords;
  return { records, stored };
}

it('what a dead process had of an answer is kept as a turn, interrupted unless its end was known', async () => {
  const { records, stored } = recordsOf(record, record, record, null);
  await keepLeftTurn(records, state);
  const ending = { status: 'stopped', note: null, footer: null } as const;
  await keepLeftTurn(records, { ...state, text: '', images: 2, ending });
  const kept = { id: 'c', unlessNewer: true };
  const turn = { id: 't', question: 'Why?', model: 'maker/model', askedAtMs: 5 };
  expect(stored).toMatchObject([
    { ...kept, isWanted: true, turn: { ...turn, answer: 'Because', status: 'interrupted' } },
    { ...kept, isWanted: false, turn: { ...turn, answer: '(2 images)', status: 'stopped' } },
  ]);
});

it('nothing is kept where nothing came, no model was asked, or the question was forgotten', async () => {
  const { records, stored } = recordsOf(record, null);
  await keepLeftTurn(records, { ...state, text: '' });
  await keepLeftTurn(records, { ...state, model: null });
  const forgotten = recordsOf();
  await keepLeftTurn(forgotten.records, state);
  await attachMessages(forgotten.records, state, ['m2'], 'thread');
  expect([...stored, ...forgotten.stored]).toEqual([]);
});

it('messages lead to their answer and its conversation, threads to the conversation alone', async () => {
  const { records, stored } = recordsOf(record, { ...record, messages: undefined } as never);
  await attachMessages(records, state, ['m1', 'm2'], 'thread');
  expect(stored.splice(0)).toEqual([
    ...['place m1 of c', 'place m2 of c', 'place thread of c', 'message m1 of a', 'message m2 of a'],
    { messages: ['m1', 'm2'] },
  ]);
  await attachMessages(records, state, ['m1'], null);
  expect(stored).toEqual(['place m1 of c', 'message m1 of a', { messages: ['m1'] }]);
});
