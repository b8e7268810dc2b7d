import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Splitter, splitText } from '../../../src/core/markdown/cut/splitter.ts';
import type { Dialect } from '../../../src/core/ports/surface.ts';
import { anything, deltaSizes, deltas, specExamples } from './markdown-samples.ts';
import { shownOnDiscord, strayMarks } from './shown.ts';

const limits = { maxChars: 1_500, dialect: 'discord' } as const;
const onDiscord = (source: string): string =>
  splitText(source, limits)
    .map(({ text }) => text)
    .join('\n=====\n');

const table = (cells: readonly (readonly string[])[]): string =>
  cells.map((row) => `| ${row.join(' | ')} |`).join('\n');

describe("CommonMark's examples", () => {
  /** As JSON, so that white space shows; `=` if nothing was changed. */
  const written = (text: string, source: string): string => (text === source ? '=' : JSON.stringify(text));

  /** What is shown of an example when half of it has come, and of all of it, whole and in parts of 50 characters. */
  function shownOf(source: string, dialect: Dialect): string {
    const half = source.slice(0, Math.ceil(source.length / 2));
    const splitter = new Splitter({ maxChars: 1_500, dialect });
    splitter.push(half);
    const whole = splitText(source, { maxChars: 1_500, dialect }).map(({ text }) => text);
    const parts = splitText(source, { maxChars: 50, dialect }).map(({ text }) => text);
    const shown = [written(splitter.view(), half), written(whole.join('\n'), source)];
    return [...shown, ...(parts.length > 1 ? parts.map((part) => written(part, source)) : [])].join(' ');
  }

  it('are shown word for word as in the list, on Discord and elsewhere', async () => {
    const lines = specExamples.flatMap(({ number, source }) => [
      `${number} ${JSON.stringify(source)}`,
      `  discord ${shownOf(source, 'discord')}`,
      `  others  ${shownOf(source, 'strict')}`,
    ]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(
      fileURLToPath(new URL('examples.txt', import.meta.url)),
    );
  });
});

/** The length, beginning and end of each message of 100 characters. */
function messagesOf(source: string, dialect: Dialect): string[] {
  return splitText(source, { maxChars: 100, dialect }).map(
    ({ text }) =>
      `  ${text.length} ${JSON.stringify(text.slice(0, 24))} … ${JSON.stringify(text.slice(-24))}`,
  );
}

it('answers are cut into messages where the list says', async () => {
  const folder = 'test/fixtures/markdown';
  const lines = readdirSync(folder)
    .toSorted()
    .flatMap((file) => {
      const source = readFileSync(`${folder}/${file}`, 'utf8');
      return (['discord', 'strict'] as const).flatMap((dialect) => [
        `${file} ${dialect}`,
        ...messagesOf(source, dialect),
      ]);
    });
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(
    fileURLToPath(new URL('messages.txt', import.meta.url)),
  );
});

describe("Discord's dialect", () => {
  it.each([
    ['a small heading as a bold line', '#### Small **one** ##', '**Small one**'],
    ['a heading in a list as a bold line', '- ## A', '- **A**'],
    ['underlined headings', 'A\n===\nB\n---\ntext', '# A\n## B\ntext'],
    ['code in the line of a list item as text', '>-      a', '> - a'],
    ['nothing of a heading without words', '> #\n> a', '>\n> a'],
    [
      'an address within the text of a link as text',
      '[[1] https://e.com](https://f.com)',
      '[1] https://e.com',
    ],
    ['characters by their numbers', '&#65;&#x42; &#0; &#x110000;', 'AB &#0; &#x110000;'],
    [
      'entities by their names',
      '&amp; &lt; &gt; &quot; &apos; &nbsp; &mdash; &ndash; &hellip; &times; &rarr; &larr; &le; &ge; &ne; &copy; &deg; &bull; &middot;',
      '& \\< \\> " \' \u00a0 — – … × → ← ≤ ≥ ≠ © ° • ·',
    ],
    ['marks by their numbers as themselves', '&#42;a&#x2A; &#91;b&#93;', '\\*a\\* \\[b\\]'],
    [
      'the title of a link',
      '[a](https://e.com "t") [b](https://e.com (u))',
      '[a](https://e.com "t") [b](https://e.com (u))',
    ],
    [
      'a link without words as its address',
      '[](https://e.com) [ ](https://f.com)',
      'https://e.com https://f.com',
    ],
    [
      'a link whose words are another address as both',
      '[see https://e.com](https://f.com)',
      'see https://e.com https://f.com',
    ],
    ['an address with spaces', '[a](<https://e.com/x y>)', '[a](https://e.com/x%20y)'],
    ['a link to nothing as its words', '[a]() [b](b) [c](#) ![](d.png)', 'a b c (d.png)'],
    ['a link with markup in its words', '[**a** `b`](https://e.com)', '[**a** `b`](https://e.com)'],
    [
      'a reference without a label as its words',
      '[the docs][] ![pic][] [x][] [docs][]',
      '[the docs] [pic] [x][] [docs]',
    ],
    [
      'a reference by its words',
      '[Docs]: https://e.com\n\n[docs][] ![docs][]',
      '[Docs]: https://e.com\n\n[docs](https://e.com) [docs](https://e.com)',
    ],
    ['a picture by reference', '![pic][a] [the docs][b]', 'pic [a] the docs [b]'],
    [
      'addresses in angle brackets',
      '<a@b.c> <https://e.com> <mailto:a@b.c>',
      'a@b.c <https://e.com> <mailto:a@b.c>',
    ],
    ['breaks', 'a<br/>b<BR />c', 'a\nb\nc'],
    ['a rule under a sentence', 'This ends here.\n---\nMore', 'This ends here.\n\nMore'],
    ['a rule as an empty line', 'a\n\n---\n\nb\n\n* * *\n\nc', 'a\n\n\nb\n\n\nc'],
    ['a picture as a link', '![the pic](https://e.com/a_b.png)', '[the pic](https://e.com/a_b.png)'],
    [
      'a link to nothing on the web as text',
      '[a](docs/b.md) [b](#c) [d](mailto:e@f.g)',
      'a (docs/b.md) b d (e@f.g)',
    ],
    ['a link that shows an address as that address', '[https://e.com](https://e.com)', 'https://e.com'],
    [
      'a reference that is known as a link',
      '[Docs]: https://e.com/x "The docs"\n\nSee [it][docs].',
      '[Docs]: https://e.com/x (The docs)\n\nSee [it](https://e.com/x).',
    ],
    [
      'a reference that comes later as a number',
      'See [the docs][1].\n\n[1]: https://e.com',
      'See the docs [1].\n\n[1]: https://e.com',
    ],
    ['no index as a reference', 'matrix[i][j] and [0][1]', 'matrix[i][j] and [0][1]'],
    ['fences of tildes', '~~~js title="x"\na\n~~~', '```js\na\n```'],
    ['longer fences, and those in code', '````md\n```\na\n```\n````', '```md\n``\u200b`\na\n``\u200b`\n```'],
    ['a fence within a line of code', '```\na ``` b\n```\nc', '```\na ``\u200b` b\n```\nc'],
    ['code that ends with its list', '- a\n  ```\n  b\nc', '- a\n  ```\n  b\n  ```\nc'],
    ['indented code', 'a\n\n    *b*\n\n    c\n\nd', 'a\n\n```\n*b*\n\nc\n```\n\nd'],
    ['no fence without code', 'a\n\n```js\n```\n\nb', 'a\n\n\nb'],
    ["Python's prompt", '>>> print(1)\n1', '\\>>> print(1)\n1'],
    ['quotes', '>a\n>> b\n>\nc', '> a\n> b\n> \nc'],
    ['a quote that goes on without its mark', '> a\nb', '> a\n> b'],
    ['lists', '+ a\n1) b\n- [ ] c\n- [x] d', '- a\n1. b\n- ☐ c\n- ☑ d'],
    ['formulas', 'a \\(x_1 * y\\) b', 'a \\\\(x\\_1 \\* y\\\\) b'],
    ['formulas in brackets', 'a \\[x_1 * y_2\\] b', 'a \\\\\\[x\\_1 \\* y\\_2\\\\\\] b'],
    ['formulas between dollars', 'a $*x*$ $x_1 _y_$ $$*x* y$$ b', 'a $*x*$ $x\\_1 \\_y\\_$ $$\\*x\\* y$$ b'],
    ['prices', 'from $5 to $6_', 'from $5 to $6\\_'],
    ['entities and breaks', '&lt;a&gt; &amp; b<br>c\\\nd &copy; &nope;', '\\<a\\> & b\nc\nd © &nope;'],
    [
      'lone marks',
      '*args and **kwargs, 2 * 3, ``` and a_b',
      '\\*args and \\*\\*kwargs, 2 * 3, \\`\\`\\` and a_b',
    ],
    ['longer code spans', '``` `a` ```', '`` `a` ``'],
    ['emphasis', '**a** _b_c_ __d__ ~~e~~ ||f|| `g`', '**a** *b_c* __d__ ~~e~~ ||f|| `g`'],
    ['italics within italics', '_a *b* c_ *d **e _f_** g*', '*a b c* *d **e f** g*'],
    ['small print and mentions', '-# small\n<@123> <#45> <t:1:R>', '-# small\n<@123> <#45> <t:1:R>'],
  ])('shows %s', (_, source, shown) => {
    expect(onDiscord(source)).toBe(shown);
  });

  it.each([
    ['code', '1. a\n   - b\n     > q\n\n     ```js\n     let x;\n     ```\n2. c'],
    ['code without a blank line', '- a\n  - b\n    > q\n    ```\n    let x;\n    ```\n- c'],
    ['bold words', '1. a\n   - b\n     > q\n\n     so **very bold** it is\n     - ||hidden words||\n'],
    [
      'code in the next item',
      '- a\n  - b\n    - c\n      > q\n\n    - d\n\n      ```\n      let x;\n      ```\n',
    ],
  ])('closes %s in every view, under a quote in a nested list', (_, source) => {
    const splitter = new Splitter(limits);
    for (const char of source) {
      splitter.push(char);
      const view = splitter.view();
      expect(strayMarks(shownOnDiscord(view).prose), view).toEqual([]);
    }
    expect(splitter.view()).toContain('> q\n');
  });

  it('underlines nothing in views because a name begins with two underscores', () => {
    const view = (source: string): string => {
      const splitter = new Splitter(limits);
      splitter.push(source);
      return splitter.view();
    };
    const source = 'Python calls __enter and __magic methods';
    for (let length = 'Python calls __e'.length; length <= source.length; length++) {
      expect(view(source.slice(0, length)).replaceAll('\\_', '')).not.toContain('_');
    }
    expect(view('It calls __init__ then')).toBe('It calls __init__ then');
    expect(view('__Note: this is')).toBe('__Note: this is__');
  });

  it('shows tables as aligned code, by the columns that characters take', () => {
    const source = `| 名称 | Price | fresh |\n|:--|--:|:-:|\n${table([
      ['苹果', '3', '✅'],
      ['**Apple** \\| `x`', '12', 'no'],
    ])}`;
    expect(onDiscord(`${source}\n\nend`)).toBe(
      [
        '```',
        '名称       Price  fresh',
        '---------  -----  -----',
        '苹果           3   ✅',
        'Apple | x     12   no',
        '```',
        '',
        'end',
      ].join('\n'),
    );
  });

  it('keeps every word of rows with more bars than the table has columns: those in code part nothing', () => {
    const source =
      '| Op | Meaning |\n|---|---|\n| `a || b` | or |\n| `|` | pipe |\n| x | one | two | three |\n';
    expect(onDiscord(source)).toBe(
      [
        '```',
        'Op      Meaning',
        '------  -----------------',
        'a || b  or',
        '|       pipe',
        'x       one | two | three',
        '```',
      ].join('\n'),
    );
  });

  it('shows tables over 60 columns, and those with links, as a list', () => {
    const long = 'a long text that would not fit beside the others';
    const source = `| Name | *What* | Empty |\n|---|---|---|\n${table([
      ['A', long, ''],
      ['', `**${long}**`, ''],
    ])}`;
    expect(onDiscord(source)).toBe(
      [`- **Name:** A`, `  - **What:** ${long}`, '  - **Empty:** –', `- **What:** **${long}**`].join('\n'),
    );
    expect(onDiscord('a | b\n--|--\n[x](https://e.com) | 1')).toBe(
      '- **a:** [x](https://e.com)\n  - **b:** 1',
    );
  });

  it('repeats the head of a long table, and keeps its rows whole', () => {
    const rows = Array.from({ length: 120 }, (_, index) => [`row ${index}`, 'some words']);
    const parts = splitText(`| Name | Text |\n|---|---|\n${table(rows)}`, limits).map(({ text }) => text);
    expect(parts.length).toBeGreaterThan(1);
    for (const text of parts) expect(text).toMatch(/^```\nName\s+Text\n/);
    for (const [name = ''] of rows)
      expect(parts.join('\n')).toMatch(new RegExp(`^${name} +some words$`, 'm'));
  });

  it('counts what is sent', () => {
    const source = `${'> a\n'.repeat(30)}\n${'*args '.repeat(60)}\n\n${'| a | b |\n'.repeat(20)}`;
    for (const maxChars of [60, 100, 200]) {
      const parts = splitText(source, { maxChars, dialect: 'discord' });
      for (const { text } of parts) expect(text.length).toBeLessThanOrEqual(maxChars);
    }
  });

  it('shows a table while it grows', () => {
    const splitter = new Splitter(limits);
    splitter.push('Prices:\n\n| a | b |\n|--');
    expect(splitter.view().trimEnd()).toBe('Prices:');
    splitter.push('-|---|\n| 1 | 2');
    expect(splitter.view()).toBe('Prices:\n\n```\na  b\n-  -\n1  2\n```');
  });

  it('passes on a paragraph without end while it grows', () => {
    const splitter = new Splitter(limits);
    const source = 'Words that **go on** and on, with `code` and [links](https://e.com/a_b). '.repeat(19);
    for (const delta of deltas(source, [7])) {
      splitter.push(delta);
      expect(splitter.source().length).toBeLessThanOrEqual(limits.maxChars);
    }
    expect(splitter.source().length).toBeGreaterThan(300);
    expect(splitter.view().trimEnd()).toBe(source.trimEnd());
  });

  it('keeps emphasis that is longer than what is held', () => {
    const source = `**${'Words that are bold '.repeat(70)}end** plain`;
    const shown = splitText(source, limits).map(({ text }) => text);
    expect(shown.join(' ')).not.toContain('\\*');
    expect(shown.flatMap((text) => [...shownOnDiscord(text).prose.matchAll(/\*/g)])).toEqual([]);
  });

  it('cuts the same parts however the text was cut into deltas, within the limit', () => {
    const maxChars = fc.oneof(fc.integer({ min: 50, max: 120 }), fc.integer({ min: 50, max: 2000 }));
    fc.assert(
      fc.property(anything, maxChars, deltaSizes, (source, max, sizes) => {
        const some = { maxChars: max, dialect: 'discord' } as const;
        const splitter = new Splitter(some);
        const parts: string[] = [];
        for (const delta of deltas(source, sizes)) {
          parts.push(...splitter.push(delta).map(({ text }) => text));
          expect(splitter.view().length).toBeLessThanOrEqual(max);
        }
        parts.push(...splitter.finish().map(({ text }) => text));
        expect(parts).toEqual(splitText(source, some).map(({ text }) => text));
        for (const text of parts) expect(text.length).toBeLessThanOrEqual(max);
      }),
      { seed: 20261129, numRuns: 60 },
    );
  });
});
