import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { mostImageTokens } from '../../../src/core/tokens/image-tokens.ts';
import { mostTokens, mostTokensOfAny } from '../../../src/core/tokens/most-tokens.ts';
import { loadVocabulary, vocabularyOf } from '../../../src/core/tokens/vocabulary.ts';
import texts from '../../fixtures/tokens/texts.json' with { type: 'json' };
import { codePoint } from '../../support/code-point.ts';

const asText = { disallowedSpecial: new Set<string>() };
const vocabularies = [
  { size: '100k', name: 'cl100k_base', truth: (text: string) => countCl100k(text, asText) },
  { size: '200k', name: 'o200k_base', truth: (text: string) => countO200k(text, asText) },
] as const;

/** Texts that no one writes, and that a tokenizer is bad at. */
const unlikely = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.string({ unit: codePoint, maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  // One half of a surrogate pair is no character.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
    .map((units) => String.fromCharCode(...units)),
  ...[
    '0123456789',
    'abcdefghijklmnopqrstuvwxyz',
    'qzxjkvwQZXJKVW',
    " \t\n\r'sSlLaé",
    'ąčęėįšųūžøåßñ',
    '٠١٢٣४५६７８９',
    '<|endoftext|>',
    '"{}[]()=>;:,.-_/\\#*`~',
  ].map((letters) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 400 })),
  // Letters of one script, in no order that a language has.
  fc
    .tuple(
      fc.constantFrom(
        0x370,
        0x400,
        0x530,
        0x590,
        0x600,
        0x900,
        0x980,
        0xb80,
        0xe00,
        0x1200,
        0x4e00,
        0x9f00,
        0xac00,
        0x1f300,
        0x20000,
      ),
      fc.array(fc.nat(255), { maxLength: 100 }),
    )
    .map(([from, letters]) => String.fromCodePoint(...letters.map((letter) => from + letter))),
  // A short text again and again, beyond the length of a piece.
  fc
    .tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 800 }))
    .map(([unit, times]) => unit.repeat(times)),
  fc
    .array(
      fc.constantFrom(
        ...Object.values(texts).flatMap((text) => [
          text,
          text.split('').reverse().join(''),
          text.toUpperCase(),
        ]),
      ),
      { maxLength: 2 },
    )
    .map((parts) => parts.join('')),
);

describe.each(vocabularies)('the bound of tokens against $name', ({ size, name, truth }) => {
  it.each(Object.entries(texts))('is never below the truth and at most twice it: %s', async (_, text) => {
    const tokens = truth(text);
    const most = await mostTokens(text, size);
    expect(most).toBeGreaterThanOrEqual(tokens);
    expect(most).toBeLessThanOrEqual(2 * tokens);
  });

  it('is never below the truth, and never above the bytes, for text that nobody writes', async () => {
    const property = fc.asyncProperty(unlikely, async (text) => {
      const most = await mostTokens(text, size);
      expect(most).toBeGreaterThanOrEqual(truth(text));
      expect(most).toBeLessThanOrEqual(mostTokensOfAny(text));
    });
    await fc.assert(property, { numRuns: 1_500 });
  });

  it('is near the truth for a long English text', async () => {
    const text = Object.entries(texts)
      .filter(([title]) => title.startsWith('english'))
      .map(([, english]) => english)
      .join('\n')
      .repeat(20);
    expect(await mostTokens(text, size)).toBeLessThan(1.2 * truth(text));
  });

  it('rests on the first tokens of the vocabulary that OpenAI publishes', async () => {
    const source = fileURLToPath(import.meta.resolve(`gpt-tokenizer/data/${name}.tiktoken`));
    const lines = readFileSync(source, 'latin1').split('\n');
    const { ranks } = await loadVocabulary(size);
    expect(ranks.size).toBe(64_000);
    const lineOf = (token: string, rank: number) =>
      `${Buffer.from(token, 'latin1').toString('base64')} ${rank}`;
    expect([...ranks].filter(([token, rank]) => lines[rank] !== lineOf(token, rank))).toEqual([]);
  });
});

describe('the bound of tokens', () => {
  it('is the bytes for a text that would take long', async () => {
    expect(await mostTokens('a b '.repeat(250_001), '200k')).toBe(1_000_004);
    expect(await mostTokens(`${'é'.repeat(1_001)} and`, '200k')).toBe(2_003);
  });

  it('lets other work go on while it counts, and ends with the reason of the signal', async () => {
    const stop = new AbortController();
    const counting = mostTokens(texts.thai.repeat(2_000), '200k', stop.signal);
    await loadVocabulary('200k');
    setImmediate(() => stop.abort(new Error('stopped')));
    await expect(counting).rejects.toThrow('stopped');
  });

  it.each([
    ['gpt-4o-mini', '200k'],
    ['openai/gpt-4.1', '200k'],
    ['openai/gpt-5.2-pro', '200k'],
    ['openai/o4-mini', '200k'],
    ['openai/gpt-oss-120b:free', '200k'],
    ['chatgpt-4o-latest', '200k'],
    ['gpt-4', '100k'],
    ['gpt-4-turbo-2024-04-09', '100k'],
    ['openai/gpt-3.5-turbo', '100k'],
    ['anthropic/claude-sonnet-4.5', null],
    ['llama3', null],
    ['olmo-2', null],
  ])('knows what %s counts with', (wireModel, size) => {
    expect(vocabularyOf(wireModel)).toBe(size);
  });
});

it('a picture takes at most 6,000 tokens, and 36,835 of GPT-4o mini', () => {
  const models = ['openai/gpt-4o-mini', 'GPT-4o-mini-2024', 'openai/gpt-4o', 'lab/model'];
  expect(models.map(mostImageTokens)).toEqual([36_835, 36_835, 6_000, 6_000]);
});
