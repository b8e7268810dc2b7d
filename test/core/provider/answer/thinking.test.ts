import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ThinkingFilter } from '../../../../src/core/provider/answer/thinking.ts';

function sorted(pieces: readonly string[], isWhole: boolean) {
  const filter = new ThinkingFilter(false);
  const parts = [...pieces.map((piece) => filter.push(piece)), filter.end(isWhole)];
  return {
    text: parts.map(({ text }) => text).join(''),
    reasoning: parts.map(({ reasoning }) => reasoning).join(''),
    halves: parts.filter(({ reasoning }) => !reasoning.isWellFormed()),
  };
}

const words = fc.array(
  fc.constantFrom('<think>', '</think>', '`</think>`', '`', '<', '</th', '😀', '時', ' ', 'word ', 'a'),
  { maxLength: 12 },
);

test('text is sorted the same, however it is cut', () => {
  fc.assert(
    fc.property(words, fc.boolean(), fc.boolean(), (all, begins, isWhole) => {
      const text = (begins ? '<think>' : '') + all.join('');
      expect(sorted([...text], isWhole)).toEqual(sorted([text], isWhole));
    }),
    { numRuns: 2_000 },
  );
});

test('a closing tag in code marks is part of the reasoning, also as a piece of its own', () => {
  const { text, reasoning } = sorted(
    ['<think>', 'The mark `', '</think>', '` ends it. Yes', '</think>', 'Answer'],
    true,
  );
  expect([text, reasoning]).toEqual(['Answer', 'The mark `</think>` ends it. Yes']);
});

test('an emoji before the last letters of a piece stays whole', () => {
  const { reasoning, halves } = sorted(['<think>', 'Hm 😀 abcdef', 'g more', '</think>', 'Answer'], true);
  expect(reasoning).toBe('Hm 😀 abcdefg more');
  expect(halves).toEqual([]);
});
