import { describe, expect, it } from 'vitest';
import { withoutCode } from '../../../../src/core/kit/text/code-spans.ts';

describe('a text without its code', () => {
  it.each([
    ['see `@bot` and @bot', 'see        and @bot'],
    ['```\n@bot\n```\n@bot', '   \n    \n   \n@bot'],
    ['``a ` @bot`` b', '             b'],
    ['a lone ` and @bot', 'a lone ` and @bot'],
    ['```\n@bot, never closed', '```\n@bot, never closed'],
    ['``` two `@bot` ', '``` two        '],
    ['no code', 'no code'],
  ])('keeps all else in its place: %j', (text, rest) => {
    expect(withoutCode(text)).toBe(rest);
    expect(withoutCode(text)).toHaveLength(text.length);
  });

  it('takes time in proportion to its length', () => {
    const runs = Array.from({ length: 4_000 }, (_, index) => '`'.repeat((index % 60) + 1)).join(' ');
    const startedAtMs = performance.now();
    withoutCode(runs);
    withoutCode('` '.repeat(50_001));
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
