import fc from 'fast-check';
import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { Splitter, splitText } from '../../../src/core/markdown/cut/splitter.ts';
import { anything, deltaSizes, deltas } from './markdown-samples.ts';

const limits = { maxChars: 2_000, dialect: 'strict' } as const;
const shown = (source: string): string => splitText(source, limits)[0]?.text ?? '';
const html = (markdown: string): string =>
  marked.parseInline(markdown, { async: false }).replaceAll('\u2060', '');

describe('emphasis next to CJK letters', () => {
  it.each([
    ['**优点：**速度快', '<strong>优点：</strong>速度快'],
    ['这是**「重点」**吗', '这是<strong>「重点」</strong>吗'],
    ['これは**「重要」**な', 'これは<strong>「重要」</strong>な'],
    ['**인공지능(AI)**은', '<strong>인공지능(AI)</strong>은'],
    ['총**“평가”**를', '총<strong>“평가”</strong>를'],
    ['*例如：*翻译', '<em>例如：</em>翻译'],
    ['***重要！***请看', '<em><strong>重要！</strong></em>请看'],
    ['**So:**then', '<strong>So:</strong>then'],
    ['**设置（`.env`）**文件', '<strong>设置（<code>.env</code>）</strong>文件'],
  ])('is emphasis to a renderer that follows CommonMark to the letter: %s', (source, expected) => {
    expect(html(source)).not.toBe(expected);
    expect(html(shown(source))).toBe(expected);
  });

  it.each([
    '**bold** *em* `**：**字` 2**(10) and \\**：**字',
    '```\n**优点：**速度\n```',
    '* item：*\n* item',
    '普通**加粗**文字，**加粗** 文字。',
  ])('adds nothing where nothing is needed: %j', (source) => {
    expect(shown(source)).toBe(source);
  });

  it('is shown at every moment, in a source that only grows', () => {
    const source = '**优点：**速度快。这是**「重点」**吗？**인공지능(AI)**은';
    const splitter = new Splitter(limits);
    let before = '';
    for (const char of source) {
      splitter.push(char);
      expect(splitter.source().startsWith(before)).toBe(true);
      before = splitter.source();
      expect(html(splitter.view()), splitter.view()).not.toContain('*');
    }
  });

  it('does not depend on how the text was cut into deltas', () => {
    fc.assert(
      fc.property(anything, deltaSizes, (source, sizes) => {
        const splitter = new Splitter(limits);
        const parts = deltas(source, sizes).flatMap((delta) => splitter.push(delta));
        expect([...parts, ...splitter.finish()]).toEqual(splitText(source, limits));
      }),
      { seed: 20261129, numRuns: 60 },
    );
  });
});
