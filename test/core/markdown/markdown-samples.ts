import { Parser } from 'commonmark';
import { tests } from 'commonmark-spec';
import fc from 'fast-check';

/** CommonMark's own examples, as sources. */
export const specExamples: readonly SpecExample[] = tests.map(({ number, section, markdown }) => ({
  number,
  section,
  source: markdown.replaceAll('→', '\t'),
}));

export interface SpecExample {
  readonly number: number;
  readonly section: string;
  readonly source: string;
}

const parser = new Parser();

/**
 * A Markdown text as a reader sees it: its characters without white space, each with how it is formatted (`s`trong,
 * `e`mphasis, inline `c`ode, code `b`lock, `h`eading).
 */
export function visible(markdown: string): string[] {
  const shown: string[] = [];
  const formats: string[] = [];
  const walker = parser.parse(markdown).walker();
  for (let event = walker.next(); event; event = walker.next()) {
    const { node, entering } = event;
    const format = { strong: 's', emph: 'e', heading: 'h' }[node.type as string];
    if (format) {
      if (entering) formats.push(format);
      else formats.pop();
    } else if (entering && node.literal) {
      const own = { code: 'c', code_block: 'b' }[node.type as string] ?? '';
      const mark = [...new Set(formats)].sort().join('') + own;
      for (const char of node.literal.replace(/\s+/g, '')) shown.push(`${char}${mark}`);
    }
  }
  return shown;
}

/** `visible` without the formats. */
export function visibleText(markdown: string): string {
  return visible(markdown)
    .map((char) => String.fromCodePoint(char.codePointAt(0) as number))
    .join('');
}

/** Whether the text ends in the number of a list's item, which is shown until its dot makes it a marker. */
export function endsInItemNumber(markdown: string): boolean {
  const lastLine = markdown.slice(markdown.lastIndexOf('\n') + 1);
  return /^[\s>]*(?:[-*] +|\d+[.)] +)*\d+$/.test(lastLine);
}

/** Whether a paragraph that is put behind the text stands by itself: no fence swallows it. */
export function isClosed(markdown: string): boolean {
  const last = parser.parse(`${markdown}\n\n<!-- -->\n\nbehind`).lastChild;
  return last?.type === 'paragraph' && last.firstChild?.literal === 'behind';
}

const word = fc.constantFrom(
  ...'the answer is that every word counts and so does a long one like internationalisation or well-known'.split(
    ' ',
  ),
  'snake_case',
  '3.14',
  'e.g.',
  'naïve',
  'cafe\u0301',
  '你好世界',
  'こんにちは',
  '汉字，标点。',
  '👍🏽',
  '👩‍👩‍👧‍👦',
  '🇩🇪🇫🇷',
  'https://example.com/a_b/c?d=e',
  '\\*',
  '&amp;',
  '2 * 3',
  'a<b',
);

const phrase = fc.array(word, { minLength: 1, maxLength: 5 }).map((list) => list.join(' '));
const label = fc
  .array(fc.constantFrom('plain', 'words', 'only', '文字'), { minLength: 1, maxLength: 3 })
  .map((list) => list.join(' '));

/** A label that may stand on several lines. */
const text = fc
  .tuple(label, fc.boolean())
  .map(([words, isBroken]) => (isBroken ? words.replaceAll(' ', '\n') : words));

const inline = fc.oneof(
  { weight: 6, arbitrary: phrase },
  { weight: 1, arbitrary: text.map((words) => `**${words}**`) },
  { weight: 1, arbitrary: text.map((words) => `*${words}*`) },
  { weight: 1, arbitrary: text.map((words) => `_${words}_`) },
  { weight: 1, arbitrary: fc.tuple(text, text).map(([a, b]) => `**${a} *${b}* ${a}**`) },
  { weight: 1, arbitrary: text.map((words) => `***${words}***`) },
  { weight: 1, arbitrary: text.map((words) => `\`${words} ** [\``) },
  { weight: 1, arbitrary: text.map((words) => `\`\`${words} \` x\`\``) },
  { weight: 1, arbitrary: text.map((words) => `[${words}](https://e.com/x_y_(z))`) },
  { weight: 1, arbitrary: text.map((words) => `**[${words}](/u "t")**`) },
);

const sentence = fc.array(inline, { minLength: 1, maxLength: 4 }).map((list) => `So ${list.join(' ')}.`);

const paragraph = fc
  .tuple(fc.array(sentence, { minLength: 1, maxLength: 5 }), fc.constantFrom(' ', '\n'))
  .map(([list, gap]) => list.join(gap));

const heading = fc.tuple(fc.constantFrom('#', '##', '###'), label).map(([mark, text]) => `${mark} ${text}`);

const codeLine = fc.oneof(
  fc.constantFrom(
    '',
    'const a = **b;',
    '  if (x) {',
    '    return `y`;',
    '  }',
    '# not a heading',
    '- [no](link',
  ),
  fc.nat(60).map((length) => `${'x'.repeat(length)};`),
);
const fence = fc
  .tuple(
    fc.constantFrom('```', '````', '~~~'),
    fc.constantFrom('', 'js', 'python title="x"'),
    fc.array(codeLine, { minLength: 1, maxLength: 12 }),
  )
  .map(([run, info, lines]) => [run + info, 'first', ...lines, run].join('\n'));

const indentBy = (indent: string, text: string): string => text.replace(/\n(?=[^\n])/g, `\n${indent}`);

const list = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('- ', '* ', '1. ', '10) '),
      fc.array(item, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
    )
    .map(([marker, items, isLoose]) =>
      items.map((text) => marker + indentBy(' '.repeat(marker.length), text)).join(isLoose ? '\n\n' : '\n'),
    );

const nestedList = list(
  fc.oneof(
    sentence,
    fc.tuple(sentence, fence).map(([text, code]) => `${text}\n\n${code}`),
    // A list that does not begin with 1 cannot interrupt a paragraph.
    fc
      .tuple(sentence, list(fc.oneof(sentence, fence)))
      .map(([text, inner]) => `${text}\n${inner.startsWith('10') ? '\n' : ''}${inner}`),
  ),
);

const quote = fc
  .oneof(
    paragraph,
    fc.tuple(paragraph, fence).map(([text, code]) => `${text}\n\n${code}`),
  )
  .map((text) => text.replace(/^/gm, '> '));

/** Well-formed Markdown of the kind that models write; what cannot be cut is at most about 60 characters long. */
export const answersOf = (maxBlocks: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(paragraph, heading, fence, nestedList, quote, fc.constant('***')), {
      minLength: 1,
      maxLength: maxBlocks,
    })
    .map((blocks) => blocks.join('\n\n'));
export const answers = answersOf(6);

const row = fc.array(label, { minLength: 3, maxLength: 3 }).map((cells) => `| ${cells.join(' | ')} |`);
export const tables: fc.Arbitrary<string> = fc
  .tuple(row, fc.array(row, { minLength: 1, maxLength: 20 }))
  .map(([head, rows]) => [head, '|---|:-:|---|', ...rows].join('\n'));

/** Any text, with the marks and characters that are hard to cut well in it. */
export const anything: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...specExamples.map(({ source }) => source)) },
      { weight: 2, arbitrary: answers },
      { weight: 1, arbitrary: tables },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
      {
        weight: 1,
        arbitrary: fc.string({ unit: fc.constantFrom(...'*_~`[](){}<>!#-+=|&\\ \n\t>1.a'), maxLength: 60 }),
      },
      { weight: 1, arbitrary: fc.nat(300).map((length) => '长文没有空格'.repeat(length)) },
      { weight: 1, arbitrary: fc.nat(80).map((length) => '👩🏽‍🚀🇩🇪e\u0301'.repeat(length)) },
      { weight: 1, arbitrary: fc.nat(3000).map((length) => 'x'.repeat(length)) },
      { weight: 1, arbitrary: fc.nat(500).map((length) => `z${'\u0301'.repeat(length)}`) },
      { weight: 1, arbitrary: fc.constantFrom('\n\n', '\n', ' ', '\r\n', '\ud83d', '\n'.repeat(70)) },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join('\n'));

export const deltaSizes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3000 })),
  { minLength: 1, maxLength: 20 },
);

/** The text as deltas of these sizes. */
export function deltas(source: string, sizes: readonly number[]): string[] {
  const list: string[] = [];
  for (let at = 0, index = 0; at < source.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    list.push(source.slice(at, at + size));
    at += size;
  }
  return list;
}
