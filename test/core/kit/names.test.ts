import { describe, expect, it } from 'vitest';
import { threadTitle } from '../../../src/core/chat/words/thread-title.ts';
import { plainName } from '../../../src/core/kit/text/text.ts';

describe('a name that is shown', () => {
  it.each([
    ['Mia', 'Mia'],
    ['snake_case', 'snake_case'],
    ['Mia\n-# Claude · 1.0 s · free', 'Mia -# Claude · 1.0 s · free'],
    ['**Ada** `x` ~~y~~ ||z||', 'Ada x y z'],
    ['_Ada_', 'Ada'],
    ['<@123> [x](https://evil.example)', '@123 x(https://evil.example)'],
    ['@everyone', 'everyone'],
    ['\u202Eevil\u2066 name', 'evil name'],
    ['山田 太郎', '山田 太郎'],
    ['‮\u200B', ''],
  ])('is text on one line: %j', (name, shown) => expect(plainName(name)).toBe(shown));
});

describe('a title', () => {
  it.each([
    ['Why is the sky blue?\nAnd why not violet?', 'Why is the sky blue?'],
    ['## Why **is** it `so`?', 'Why is it so?'],
    ['> > quoted', '> quoted'],
    ['```ts\nconst a = 1;\n```\nWhat is this?', 'const a = 1;'],
    ['~~~\n\n~~~', 'A question'],
    ['- [x](https://example.com) one', 'x one'],
    ['\u202Ereversed', 'reversed'],
    ['2 * 3 * 4 and snake_case', '2 * 3 * 4 and snake_case'],
  ])('is plain text: %j', (question, title) => expect(threadTitle(question)).toBe(title));

  it('is made in time in proportion to the question', () => {
    const startedAtMs = performance.now();
    for (const piece of ['[', '[a](', '> ', '`', '```\n', '# '])
      threadTitle(piece.repeat(Math.ceil(40_000 / piece.length)));
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  });
});
