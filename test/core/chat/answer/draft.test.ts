import { expect, it } from 'vitest';
import { emptyDraft, streamInto } from '../../../../src/core/chat/answer/draft.ts';
import { Stopped } from '../../../../src/core/coordination/live-answers.ts';
import type { Reply } from '../../../../src/core/delivery/reply.ts';
import { NEVER } from '../../../../src/core/kit/time/over.ts';
import type { Answerer } from '../../../../src/core/model-choice/fallbacks.ts';
import type { ChatEvent } from '../../../../src/core/ports/provider.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { testSurface } from '../../../support/test-bot.ts';

const DONE: ChatEvent = {
  ...{ type: 'done', finish: 'stop', usage: null, model: null, generationId: null },
  ...{ tools: [], skippedLines: 0, skippedImages: 0 },
};
const PICTURE = { type: 'image', mediaType: 'image/jpeg', bytes: new Uint8Array([1]) } as const;
const text = (delta: string): ChatEvent => ({ type: 'text', delta });
const reasoning = (delta: string): ChatEvent => ({ type: 'reasoning', delta });

/** Streams events and waits, in milliseconds; an error ends the stream. Resolves to all that came of it. */
async function streamed(steps: readonly (ChatEvent | number | Error)[], signal = NEVER) {
  const clock = createFakeClock();
  const draft = emptyDraft();
  const written: string[] = [];
  let thinks = 0;
  const surface = Object.assign(testSurface(), { think: () => void thinks++ });
  const access = { model: { name: 'Model M' } };
  const answerer = {
    current: { request: { access, maxOutputTokens: 1_000 } },
    async stream(take: (event: ChatEvent) => Promise<void> | void) {
      for (const step of steps) {
        if (step instanceof Error) throw step;
        if (typeof step === 'number') await clock.advance(step);
        else await take(step);
      }
    },
  } as unknown as Answerer;
  const reply = { write: (delta: string) => void written.push(delta) } as unknown as Reply;
  const beforeFirst = async () => void written.push('(first)');
  const end = await streamInto(draft, answerer, { reply, surface, clock, beforeFirst }, signal);
  return { draft, end, written, thinks };
}

it('a draft has the text, and how long the model took for it', async () => {
  const steps = [
    100,
    { type: 'start', generationId: null } as const,
    200,
    text('Yes'),
    300,
    text('.'),
    400,
    DONE,
  ];
  const { draft, end, written } = await streamed(steps);
  expect(draft).toEqual({
    ...{ text: 'Yes.', images: [], citations: [], reasoning: '', isReasoned: false },
    ...{ thinkingMs: 0, firstTextMs: 300, durationMs: 1_000, affordableTokens: null, isWithoutEffort: false },
  });
  expect(end).toEqual({ status: 'complete', note: null, error: null });
  expect(written).toEqual(['(first)', 'Yes', '.']);
});

it('a draft counts the time in which the model thinks, before and between its texts', async () => {
  const { draft, thinks } = await streamed([
    ...[50, reasoning(' First'), 1_000, reasoning(' this. '), 500, text('A')],
    ...[5_000, text('B'), 5_000, reasoning('Then that. '), 200, text('C'), 70, DONE],
  ]);
  expect(draft).toMatchObject({
    ...{ thinkingMs: 1_700, firstTextMs: 1_550, isReasoned: true, text: 'ABC' },
    reasoning: 'First this. Then that.',
  });
  expect(thinks).toBe(1);
  const cut = await streamed([reasoning('Hm.'), 400, new Error('cut off')]);
  expect(cut.draft).toMatchObject({ thinkingMs: 400, firstTextMs: null, durationMs: 400 });
});

it('a draft has pictures by number and sources after the text, outside a code block', async () => {
  const source = { type: 'citation', url: 'https://a.example/', title: 'A' } as const;
  const { draft, written } = await streamed([text('```\ncode'), PICTURE, PICTURE, source, DONE]);
  expect(draft.images).toEqual([
    {
      name: 'image-1.jpg',
      mediaType: 'image/jpeg',
      bytes: PICTURE.bytes,
      description: 'Image 1, made by Model M',
    },
    {
      name: 'image-2.jpg',
      mediaType: 'image/jpeg',
      bytes: PICTURE.bytes,
      description: 'Image 2, made by Model M',
    },
  ]);
  const sources = '\n```\n\n**Sources**\n1. [A](https://a.example/)';
  expect(written).toEqual(['(first)', '```\ncode', sources]);
  expect(draft.text).toBe(`\`\`\`\ncode${sources}`);
});

it('a draft knows what the provider could not do', async () => {
  const { draft, end } = await streamed([
    { type: 'start', generationId: null, affordableTokens: 300, isWithoutEffort: true },
    text('Yes.'),
    { ...DONE, finish: 'length' } as ChatEvent,
  ]);
  expect(draft).toMatchObject({ affordableTokens: 300, isWithoutEffort: true });
  expect(end.note).toBe('Stopped at 300 tokens: the provider account has no credit for more.');
});

it('a stream without its closing event is a fault, and so is one that is cut off after that', async () => {
  const unclosed = await streamed([text('Yes.')]);
  expect(unclosed.end).toMatchObject({
    status: 'failed',
    error: { message: 'the answer has no closing event' },
  });
  const fault = new Error('cut off');
  expect((await streamed([text('Yes.'), DONE, fault])).end).toMatchObject({ status: 'failed', error: fault });
});

it('a stream that somebody stopped ended by that, unless it was complete', async () => {
  const stop = new AbortController();
  stop.abort(new Stopped({ kind: 'question_deleted' }));
  const stopped = { status: 'stopped', note: 'Stopped: the question was deleted.', error: null };
  expect((await streamed([text('Y'), new Error('aborted')], stop.signal)).end).toEqual(stopped);
  expect((await streamed([text('Y'), DONE], stop.signal)).end).toMatchObject({ status: 'complete' });
});
