import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neutralise, settledPart } from '../../../../src/adapters/slack/text/neutralise.ts';
import { pingsIn } from '../../../support/slack/mentions.ts';

const TRICKS = [
  '<!channel>',
  '<!here|here>',
  '<!EVERYONE>',
  '<!group>',
  '<!subteam^S0123ABCD|@devs>',
  '<@U0123ABCD>',
  '<@W0123ABCD|ann>',
  '<#C0123ABCD|general>',
  '&lt;!channel&gt;',
  '&#60;!here&#62;',
  '&#x3C;!here&#x3e;',
  '&#0060;@U0123ABCD>',
  '<\\!channel>',
  '\\<\\@U0123ABCD\\>',
  '<&#33;here>',
  '&lt;&excl;everyone&gt;',
  '<&commat;U0123ABCD>',
  '<&num;C0123ABCD>',
  '<!&#99;hannel>',
  '<!chan&#x6e;el>',
];

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  excl: '!',
  commat: '@',
  num: '#',
  amp: '&',
};

/** As somebody would who takes all escapes and entities of Markdown for what they mean before looking for mentions. */
function decodeAll(text: string): string {
  return text
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&([a-z]+);/gi, (whole, name: string) => NAMED[name.toLowerCase()] ?? whole);
}

describe('neutralise', () => {
  it.each(TRICKS)(
    'takes the life out of %s, also for who takes escapes and entities for what they mean first',
    (trick) => {
      for (const text of [trick, `a ${trick} b`, `\`${trick}\``, trick.repeat(3)]) {
        expect(pingsIn(decodeAll(neutralise(text)))).toEqual([]);
      }
    },
  );

  it.each([
    '<!DOCTYPE html>',
    '<!-- a comment -->',
    'a < b && b > c',
    'List<String> x = f<T>();',
    'AT&T, &amp;, &lt;br&gt;',
    '<https://example.com|a link>',
    '<@decorator>',
    '#include <stdio.h>',
    'git@github.com <ann@example.com>',
  ])('leaves %s alone', (text) => {
    expect(neutralise(text)).toBe(text);
  });

  it('looks the same: only characters that show nothing are added', () => {
    for (const trick of TRICKS) expect(neutralise(trick).replaceAll('\u2060', '')).toBe(trick);
  });

  it('changes nothing the second time', () => {
    const piece = fc.constantFrom(...TRICKS, '<', '!', '@', '&lt;', '\\', '&#33;', 'channel', 'U0', ' ');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const once = neutralise(pieces.join(''));
        expect(neutralise(once)).toBe(once);
        expect(pingsIn(once)).toEqual([]);
        expect(pingsIn(decodeAll(once))).toEqual([]);
      }),
    );
  });
});

describe('settledPart', () => {
  it('is a part that stays as it is whatever comes, so that appending never makes a mention', () => {
    const piece = fc.constantFrom(
      ...TRICKS,
      '<',
      '<!',
      '&',
      '&l',
      't;',
      '#60;',
      '#33;',
      '\\',
      '!chan',
      'nel>',
      '@',
      'U0',
      '😀',
      'word ',
      '`',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(), (pieces, seed) => {
        const whole = pieces.join('');
        let sent = '';
        for (let end = 1 + (seed % 3); end < whole.length; end += 1 + (seed % 3)) {
          const target = settledPart(neutralise(whole.slice(0, end)));
          expect(target.startsWith(sent)).toBe(true);
          sent = target;
        }
        expect(neutralise(whole).startsWith(sent)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('holds back little', () => {
    expect(settledPart('The end <')).toBe('The end ');
    expect(settledPart('if a < b')).toBe('if a < b');
    expect(settledPart('<div>')).toBe('<div>');
    expect(settledPart('x <!chan')).toBe('x ');
    expect(settledPart('x <\\!chan')).toBe('x ');
    expect(settledPart('x <&#3')).toBe('x ');
  });

  it('ends in the middle of no character', () => {
    const [high] = '😀';
    expect(settledPart(`x ${high?.slice(0, 1)}`)).toBe('x ');
    expect(settledPart('x 😀')).toBe('x 😀');
  });
});
