import { expect, it } from 'vitest';
import type { Question } from '../../../../src/core/chat/question/job.ts';
import { unheard } from '../../../../src/core/chat/question/unheard.ts';
import type { Conversation } from '../../../../src/core/conversations/conversation.ts';

const turn = (id: string, askedAtMs: number) => ({ id, askedAtMs });

/** From when the thread is read; undefined if it is not read. Null: from its beginning. */
async function readSince(
  question: Partial<Question>,
  begun: { turns: readonly object[]; anewAtMs?: number } | null,
  { readsThreads = true, hears = false } = {},
): Promise<number | null | undefined> {
  let since: number | null | undefined;
  const readThread: Question['readThread'] = async (sinceMs) => {
    since = sinceMs;
    return { messages: [], problem: null };
  };
  const asked = { isMention: true, place: { key: 'thread' }, readThread, ...question } as Question;
  const context = { readsThreads, begun: begun as Conversation | null, turn: 'own' };
  const read = await unheard({ hears: async () => hears }, asked, context);
  await read?.(new AbortController().signal);
  return since;
}

it.each([
  ['whole, if there is no conversation yet', {}, null, {}, null],
  ['whole, if nothing but the question itself is stored', {}, { turns: [turn('own', 9)] }, {}, null],
  ['from the newest other question on', {}, { turns: [turn('a', 3), turn('b', 5), turn('own', 9)] }, {}, 5],
  ['from a new beginning on', {}, { turns: [turn('a', 3)], anewAtMs: 7 }, {}, 7],
  ['whole, if the question is about it', { isAboutThread: true }, { turns: [turn('a', 3)] }, {}, null],
  ['not at all, if the bot listens there', {}, { turns: [turn('a', 3)] }, { hears: true }, undefined],
  ['not at all, without a mention', { isMention: false }, { turns: [turn('a', 3)] }, {}, undefined],
  ['not at all, if an admin switched that off', {}, null, { readsThreads: false }, undefined],
  [
    'all the same then, if the question is about it',
    { isAboutThread: true },
    null,
    { readsThreads: false },
    null,
  ],
] as const)('a thread is read %s', async (_, question, begun, here, since) => {
  expect(await readSince(question, begun, here)).toBe(since);
});
