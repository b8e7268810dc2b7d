import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ThinkingFilter } from '../../../../src/core/provider/answer/thinking.ts';

function sorted(pieces: readonly string[], isWhole: boolean, startsInside = false) {
  const filter = new ThinkingFilter(startsInside);
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

test.each<[string, string, boolean, boolean, text: string, reasoning: string]>([
  ['a block before the answer', '<think>hm</think>yes', true, false, 'yes', 'hm'],
  ['white space around it', ' \n<think>hm</think>\n yes', true, false, 'yes', 'hm'],
  ['two blocks', '<think>hm</think><think>well</think>yes', true, false, 'yes', 'hmwell'],
  ['a block behind the beginning', 'so <think>hm</think>', true, false, 'so <think>hm</think>', ''],
  ['what looks like a block', '<thin', true, false, '<thin', ''],
  ['what looked like a block', '<thinner', true, false, '<thinner', ''],
  ['white space alone', '  ', true, false, '  ', ''],
  ['a block that is not closed', '<think>hm, yes', true, false, '<think>hm, yes', ''],
  ['a block that is cut off', '<think>hm, yes', false, false, '', 'hm, yes'],
  ['a second block that is not closed', '<think>hm</think><think>yes', true, false, '<think>yes', 'hm'],
  ['a block whose beginning is left out', 'hm</think>yes', true, true, 'yes', 'hm'],
  // What was shown as reasoning is shown again as the answer.
  ['an answer where a block could be', 'yes, it is so', true, true, 'yes, it is so', 'yes, '],
  ['such a block that is cut off', 'hm, it is so', false, true, '', 'hm, it is so'],
])('reads %s', (_, content, isWhole, startsInside, text, reasoning) => {
  expect(sorted([content], isWhole, startsInside)).toMatchObject({ text, reasoning });
  expect(sorted([...content], isWhole, startsInside)).toMatchObject({ text, reasoning });
});

test('an emoji before the last letters of a piece stays whole', () => {
  const { reasoning, halves } = sorted(['<think>', 'Hm 😀 abcdef', 'g more', '</think>', 'Answer'], true);
  expect(reasoning).toBe('Hm 😀 abcdefg more');
  expect(halves).toEqual([]);
});
