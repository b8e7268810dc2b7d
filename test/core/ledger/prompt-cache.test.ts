import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messagesToCache } from '../../../src/core/ledger/prompt-cache.ts';
import type { ChatMessage } from '../../../src/core/ports/provider.ts';
import { createTestBot, invocationOf, messageOf, type TestBot } from '../../support/test-bot.ts';

function conversation(turns: number, bytesPerTurn: number): ChatMessage[] {
  const said = (role: ChatMessage['role'], bytes: number) => ({ role, content: 'x'.repeat(bytes) });
  return [
    said('system', 0),
    ...Array.from({ length: turns }, () => [said('user', 0), said('assistant', bytesPerTurn)]).flat(),
    said('user', 1_000_000),
  ];
}

describe('what is worth caching', () => {
  it.each([
    ['anthropic/claude-3.5-sonnet', 1_024],
    ['anthropic/claude-sonnet-4.5', 1_024],
    ['anthropic/claude-3.5-haiku', 2_048],
    ['anthropic/claude-opus-4.6', 4_096],
    ['anthropic/claude-from-the-future', 4_096],
    ['qwen/qwen3-max', 1_024],
  ])('%s begins at %i tokens, with all but the newest message', (model, tokens) => {
    expect(messagesToCache(model, conversation(1, 4 * tokens))).toBe(3);
    expect(messagesToCache(model, conversation(1, 4 * tokens - 1))).toBe(0);
  });

  it('ends with a message that can be marked: one with words', () => {
    const model = 'anthropic/claude-3.5-sonnet';
    const [system, first, , newest] = conversation(1, 0) as [
      ChatMessage,
      ChatMessage,
      ChatMessage,
      ChatMessage,
    ];
    const long: ChatMessage = { role: 'assistant', content: 'x'.repeat(100_000) };
    const empty: ChatMessage = { role: 'assistant', content: '' };
    expect(messagesToCache(model, [system, first, long, newest])).toBe(3);
    expect(messagesToCache(model, [system, first, long, first, empty, newest])).toBe(0);
  });

  it('is nothing in the first turn, nor of models that see to it themselves', () => {
    const long: ChatMessage = { role: 'system', content: 'x'.repeat(100_000) };
    const first = [long, ...conversation(0, 0)];
    expect(messagesToCache('anthropic/claude-3.5-sonnet', [...first, long, long])).toBe(0);
    expect(messagesToCache('openai/gpt-4o', conversation(3, 100_000))).toBe(0);
  });
});

describe('a conversation', () => {
  let bot: TestBot;

  beforeEach(async () => {
    bot = await createTestBot({ defaultTier: 'premium', defaultModel: 'anthropic/claude-3.5-sonnet' });
  });
  afterEach(() => bot.close());

  it('sends the same bytes before its newest message, from turn to turn, and marks how far to cache them', async () => {
    const place = { key: 'a thread' };
    for (let turn = 0; turn < 4; turn++) {
      bot.provider.answer(`Answer ${turn}. ${'word '.repeat(1_000)}`);
      await bot.dispatch.message(messageOf(`Question ${turn}`, { place }));
    }
    const bodies = bot.provider.chats.map(({ body }) => body.messages as ChatMessage[]);
    const plain = bodies.map((messages) => JSON.stringify(messages, withoutMarks));
    for (const [turn, body] of plain.entries()) {
      if (turn === 0) continue;
      const before = plain[turn - 1] as string;
      const stable = JSON.stringify(bodies[turn - 1]?.slice(0, -1), withoutMarks);
      expect(body.startsWith(stable.slice(0, -1))).toBe(true);
      expect(before.startsWith(stable.slice(0, -1))).toBe(true);
    }
    expect(bodies.map((messages) => messages.map(isMarked).lastIndexOf(true))).toEqual([-1, 2, 4, 6]);
    const [newest, ...others] = (bodies.at(-1) ?? []).toReversed();
    expect(newest?.content).toMatch(/^Question 3\n\n\(Today is \d{4}-\d\d-\d\d\.\)$/);
    expect(JSON.stringify(others)).not.toContain('Today is');
  });

  it('reserves for what is written into the cache', async () => {
    const reservedFor = async (prompt: string) => {
      const live = bot.provider.live();
      const done = bot.dispatch.command(invocationOf('ask', { prompt }, { place: { key: 't' } }));
      await live.request;
      const [open] = await bot.ledger.openReservations({ guild: 'discord:1' });
      await live.text('Words. '.repeat(1_000));
      await live.finish();
      await done;
      return open?.reserved.nanoUsd ?? 0;
    };
    const first = await reservedFor('One');
    const second = await reservedFor('Two');
    // The answer of 7,000 bytes, at 1.25 × $6 per million, and the rest of the prompt too.
    expect(second - first).toBeGreaterThan(7_000 * 7_500);
  });
});

/** Without `cache_control`, and text as providers read it: one part is as good as a string. */
function withoutMarks(key: string, value: unknown): unknown {
  if (key !== 'content' || !Array.isArray(value)) return value;
  return value.map(({ text }) => text).join('');
}

function isMarked({ content }: ChatMessage): boolean {
  return typeof content !== 'string' && content.some((part) => 'cache_control' in part);
}
