import { type BlockState, documentStart, type Line } from '../blocks/block-state.ts';
import { continuation, scanLine } from '../blocks/blocks.ts';
import { bareMarkPattern, heal } from '../blocks/healer.ts';
import { parseInline } from '../inline/inline.ts';
import { withoutDelimiters } from '../inline/spans.ts';
import { blankMarks, marksOf, prepared, quoteMarks, withTaskBox } from './discord-marks.ts';
import {
  breakFences,
  type Definitions,
  HARD_BREAK,
  rewriteInline,
  type SourceEnd,
} from './rewrite-inline.ts';
import { alignsOf, rowOf, type Table, tableText } from './table-text.ts';

/** Held characters per block. Links and emphasis are rarely longer, and growing views rewrite it each time. */
export const heldChars = 1_000;
/** A longer table is shown as several blocks, each with the head. */
const longestTable = 1_000;
/** A longer line with dashes under it is a paragraph before a rule. */
const longestUnderlined = 60;

interface HeldLine {
  /** Quote marks, list markers and indentation, in Discord's form. */
  readonly marks: string;
  readonly content: string;
}

interface HeldTable extends Table {
  readonly marks: string;
  /** The length of the rows. */
  readonly length: number;
}

const definitionPattern = /^\[(?!\^)([^\]]+)\]:\s+<?([^\s<>]+)>?(?:\s+["'(](.*)["')])?\s*$/;
const noDefinitions: Definitions = new Map();

/** Takes a text line by line and returns its blocks as Discord renders them. */
export class DiscordBlocks {
  #state: BlockState = documentStart;
  #paragraph: HeldLine[] = [];
  /** Emphasis that was open where the paragraph was passed on; null if all of it is still held. */
  #open: string | null = null;
  /** How much of the growing line has been passed on. */
  #spilt = 0;
  #table: HeldTable | null = null;
  /** The opening line of a fence without code so far; null if there is none. */
  #fence: string | null = null;
  /** Blank lines in indented code, which may end it; null outside it. */
  #blankCode: number | null = null;
  #isAfterBlank = true;
  #definitions = noDefinitions;

  copy(): DiscordBlocks {
    const copy = new DiscordBlocks();
    copy.#state = this.#state;
    copy.#paragraph = [...this.#paragraph];
    copy.#open = this.#open;
    copy.#spilt = this.#spilt;
    copy.#table = this.#table;
    copy.#fence = this.#fence;
    copy.#blankCode = this.#blankCode;
    copy.#isAfterBlank = this.#isAfterBlank;
    copy.#definitions = this.#definitions;
    return copy;
  }

  /** Number of characters held of the open block, without the growing line. */
  heldLength(): number {
    let length = -this.#spilt;
    for (const { content } of this.#paragraph) length += content.length + 1;
    return length;
  }

  /** Takes a complete line, without its line feed. */
  takeLine(source: string): string {
    const before = this.#state;
    const text = prepared(source, before);
    const line = scanLine(before, text);
    this.#state = line.after;
    const out = this.#takeScanned(text, line, before, false);
    this.#spilt = 0;
    return out;
  }

  /** Takes the incomplete last line, if it says something yet. The line must not continue. */
  takePartial(source: string): string {
    const before = this.#state;
    const text = prepared(source, before);
    const line = scanLine(before, text);
    const isCode = line.kind === 'code' || line.kind === 'fence-end';
    const isHeld =
      isCode && before.leaf.kind === 'fence'
        ? /^[ \t]*(?:`*|~*)$/.test(text.slice(line.content))
        : line.kind === 'fence' || bareMarkPattern.test(text) || /^[\s>]*\|(?!\|)/.test(text);
    if (isHeld && line.kind !== 'row' && this.#spilt === 0) return '';
    this.#state = line.after;
    return this.#takeScanned(text, line, before, true);
  }

  /** Returns the certain beginning of an open block that has become long. `source` is its last line so far, and continues. */
  spill(source: string): string {
    const text = prepared(source, this.#state);
    const line = scanLine(this.#state, text);
    if (line.kind === 'code') return this.#spillCode(text, line);
    return line.kind === 'text' ? this.#spillText(text, line) : '';
  }

  /** Ends the open block. `growing`: emphasis that is open in it stays open. */
  flush(growing: boolean): string {
    return this.#endBlock(growing) + this.#endFence(this.#state);
  }

  #spillCode(text: string, line: Line): string {
    const end = text.length - (/(?:`+|[\ud800-\udbff])$/.exec(text)?.[0].length ?? 0);
    if (end <= this.#spilt) return '';
    const out = this.#takeCode(text.slice(0, end), line).replace(/\n$/, '');
    this.#spilt = end;
    return out;
  }

  #spillText(text: string, line: Line): string {
    const ended = line.begins && this.#spilt === 0 ? this.#endBlock(false) : '';
    const marks = this.#spilt > 0 ? '' : marksOf(text.slice(0, line.content), line);
    const rest = text.slice(Math.max(line.content, this.#spilt));
    const open = this.#open ?? '';
    const joined = open + sourceOf([...this.#paragraph, { marks, content: rest }]);
    const safe = safeEnd(joined);
    // The part that stays held lies within the growing line.
    const kept = Math.min(joined.length - safe.end, rest.length);
    const passed = [...this.#paragraph, { marks, content: rest.slice(0, rest.length - kept) }];
    const lines = this.#rewriteLines(passed, open, safe.open === '' ? 'complete' : 'continued');
    this.#paragraph = [];
    this.#open = safe.open;
    this.#spilt = text.length - kept;
    this.#isAfterBlank = false;
    return ended + lines.join('\n');
  }

  #takeScanned(text: string, line: Line, before: BlockState, growing: boolean): string {
    const { kind } = line;
    let out = kind === 'code' || kind === 'fence-end' ? '' : this.#endFence(before);
    if (kind !== 'row') out += this.#endTable();
    if (kind !== 'indented' && kind !== 'blank') out += this.#endIndented();
    if (kind === 'code') return out + this.#takeCode(text, line);
    const marks = marksOf(text.slice(0, line.content), line);
    if (kind === 'fence-end') return out + this.#closeFence(marks);
    const source = text.slice(Math.max(line.content, this.#spilt));
    const content = source.endsWith('\r') ? source.slice(0, -1) : source;
    switch (kind) {
      case 'text':
        return out + this.#takeText(marks, content, line);
      case 'blank':
        return out + this.#takeBlank(text, marks, line);
      case 'heading':
        return out + this.#takeHeading(text, marks, content, line, growing);
      case 'underline':
        return out + this.#takeUnderline(text.trim().startsWith('=') ? 1 : 2);
      case 'rule':
        out += this.#endParagraph(false);
        return this.#isAfterBlank ? out : out + this.#emit('');
      case 'fence':
        return out + this.#takeFence(marks, line);
      case 'indented':
        if (line.begins) return out + this.#endParagraph(false) + this.#takeIndented(text, line);
        this.#paragraph.push({ marks, content: content.trimStart() });
        return out;
      case 'delimiter-row':
        return out + this.#takeDelimiterRow(marks, content);
      case 'row':
        return out + this.#takeRow(marks, content);
    }
  }

  #takeText(marks: string, content: string, { begins }: Line): string {
    const isFirst = this.#spilt === 0;
    const out = begins && isFirst ? this.#endParagraph(false) : '';
    this.#paragraph.push({ marks: isFirst ? marks : '', content: withTaskBox(marks, content) });
    return out;
  }

  #takeBlank(text: string, marks: string, { begins }: Line): string {
    if (this.#blankCode !== null) {
      this.#blankCode++;
      return '';
    }
    const out = this.#endParagraph(false);
    return out + this.#emit(begins ? marks : /^\s*>/.test(text) ? '> ' : '');
  }

  #takeHeading(text: string, marks: string, content: string, line: Line, isOpen: boolean): string {
    const level = /(#{1,6})[ \t]*$/.exec(text.slice(0, line.content))?.[1]?.length ?? 1;
    const out = this.#endParagraph(false);
    return out + this.#heading(marks.replace(/#{1,6}[ \t]*$/, ''), level, content, isOpen);
  }

  #takeUnderline(level: 1 | 2): string {
    const [first] = this.#paragraph;
    const title = this.#paragraph.map(({ content }) => content).join(' ');
    const isTitle = level === 1 || (title.length <= longestUnderlined && !/[.!?:。！？：]$/.test(title));
    if (first === undefined || this.#open !== null || !isTitle)
      return this.#endParagraph(false) + this.#emit('');
    this.#paragraph = [];
    return this.#heading(first.marks, level, title, false);
  }

  #heading(marks: string, level: number, content: string, isOpen: boolean): string {
    const growing = isOpen && content.length <= heldChars;
    const text =
      isOpen && !growing
        ? content
        : rewriteInline(
            content.replace(/[ \t]+#+[ \t]*$/, ''),
            growing ? 'shown' : 'complete',
            this.#definitions,
          ).replaceAll(HARD_BREAK, ' ');
    if (text.trim() === '') return this.#emit(marks.trimEnd());
    if (level <= 3 && /^[>\s]*$/.test(marks)) return this.#emit(`${marks}${'#'.repeat(level)} ${text}`);
    return this.#emit(`${marks}**${withoutStrong(growing ? heal(text, 'discord') : text)}**`);
  }

  #takeFence(marks: string, { after: { leaf } }: Line): string {
    const out = this.#endParagraph(false);
    const info = leaf.kind === 'fence' ? leaf.info : '';
    const language = /^[a-z0-9_+\-.#]+/i.exec(info)?.[0] ?? '';
    this.#fence = `${marks}\`\`\`${language}`;
    return out;
  }

  #takeCode(text: string, { content, after }: Line): string {
    if (after.leaf.kind !== 'fence' || !after.leaf.filled) return '';
    const opening = this.#fence === null ? '' : this.#emit(this.#fence);
    this.#fence = null;
    const from = Math.max(content, this.#spilt);
    const marks = this.#spilt > 0 ? '' : quoteMarks(text.slice(0, content));
    return opening + this.#emit(marks + breakFences(text.slice(from)));
  }

  #takeIndented(text: string, { content, after }: Line): string {
    const line = text.slice(content).replace(/^(?: {4}|\t)/, '');
    const lead = continuation(after.containers);
    const opening = this.#blankCode === null ? [`${lead}\`\`\``] : blankLines(this.#blankCode);
    this.#blankCode = 0;
    return this.#emit(...opening, lead + breakFences(line));
  }

  #takeDelimiterRow(marks: string, content: string): string {
    const head = this.#paragraph.at(-1);
    if (head === undefined || (this.#open !== null && this.#paragraph.length === 1)) {
      this.#paragraph.push({ marks, content });
      return '';
    }
    this.#paragraph.pop();
    const out = this.#endParagraph(false);
    this.#table = {
      marks: head.marks,
      head: rowOf(head.content, null),
      aligns: alignsOf(content),
      rows: [],
      length: 0,
    };
    return out;
  }

  #takeRow(marks: string, content: string): string {
    const table = this.#table;
    if (table === null) {
      this.#paragraph.push({ marks, content });
      return '';
    }
    const row = rowOf(content, table.head.cells.length);
    const length = table.length + row.cells.join('  ').length + 3;
    this.#table = { ...table, rows: [...table.rows, row], length };
    if (length < longestTable) return '';
    const out = this.#endTable();
    this.#table = { ...table, marks: blankMarks(table.marks), rows: [], length: 0 };
    return out;
  }

  #endBlock(growing: boolean): string {
    return this.#endParagraph(growing) + this.#endTable() + this.#endIndented();
  }

  #endParagraph(growing: boolean): string {
    const paragraph = this.#paragraph;
    const open = this.#open;
    const [first] = paragraph;
    this.#open = null;
    if (first === undefined) return '';
    this.#paragraph = [];
    const definition = open === null && !growing ? definitionPattern.exec(first.content) : null;
    if (definition !== null) {
      const [, label = '', url = '', title] = definition;
      this.#definitions = new Map([...this.#definitions, [label.toLowerCase(), url]]);
      this.#paragraph = paragraph.slice(1);
      const shown = `${first.marks}[${label}]: ${url}${title ? ` (${title})` : ''}`;
      return this.#emit(shown) + this.#endParagraph(growing);
    }
    const growth = open ? 'continued' : 'shown';
    return this.#emit(...this.#rewriteLines(paragraph, open ?? '', growing ? growth : 'complete'));
  }

  #endTable(): string {
    const table = this.#table;
    this.#table = null;
    if (table === null) return '';
    const lines = tableText(table, this.#definitions);
    return this.#emit(
      ...lines.map((line, index) => (index === 0 ? table.marks : blankMarks(table.marks)) + line),
    );
  }

  #endIndented(): string {
    const blank = this.#blankCode;
    this.#blankCode = null;
    return blank === null ? '' : this.#emit('```', ...blankLines(blank));
  }

  /** Closes code without a closing fence: at the end of its list, its quote or the text. */
  #endFence({ leaf, containers }: BlockState): string {
    return leaf.kind === 'fence' ? this.#closeFence(continuation(containers)) : '';
  }

  /** Nothing for a fence without code, which was not opened. */
  #closeFence(marks: string): string {
    const isEmpty = this.#fence !== null;
    this.#fence = null;
    return isEmpty ? '' : this.#emit(`${marks}\`\`\``);
  }

  #rewriteLines(paragraph: readonly HeldLine[], open: string, ends: SourceEnd): string[] {
    const rewritten = rewriteInline(open + sourceOf(paragraph), ends, this.#definitions);
    const isEscaped = open !== '' && rewritten.startsWith('\\');
    const text = isEscaped ? rewritten.replace(/^(?:\\[*_~|])+/, '') : rewritten.slice(open.length);
    return text.split('\n').map((line, index) => {
      const { marks } = paragraph[Math.min(index, paragraph.length - 1)] as HeldLine;
      return (
        marks + (line.includes(HARD_BREAK) ? line.replaceAll(HARD_BREAK, `\n${blankMarks(marks)}`) : line)
      );
    });
  }

  #emit(...lines: readonly string[]): string {
    this.#isAfterBlank = (lines.at(-1) ?? '').trim() === '';
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }
}

function sourceOf(paragraph: readonly HeldLine[]): string {
  if (paragraph.length === 1) return paragraph[0]?.content ?? '';
  return paragraph.map(({ content }) => content).join('\n');
}

function blankLines(count: number): string[] {
  return Array<string>(count).fill('');
}

/** Text that is bold as a whole needs no marks inside. */
function withoutStrong(text: string): string {
  const { spans } = parseInline(text, false, 'discord');
  return withoutDelimiters(
    text,
    spans.filter(({ kind, delimiter }) => kind === 'emphasis' && delimiter === '**'),
  );
}

/** Up to where a long paragraph can be passed on: before the span open at its end, or within that if it is long. */
function safeEnd(text: string): { readonly end: number; readonly open: string } {
  const { open, brackets, partialFrom } = parseInline(text, true, 'discord', false);
  const wordStart = text.search(/\S*$/);
  const starts = [...open, ...brackets].map(({ start }) => start);
  const end = Math.min(wordStart, partialFrom ?? text.length, ...starts);
  if (end > text.length / 2) return { end, open: '' };
  const last =
    wordStart > text.length / 2 ? wordStart : text.length - (/[\ud800-\udbff]$/.test(text) ? 1 : 0);
  return {
    end: last,
    open: open
      .filter(({ kind }) => kind === 'emphasis')
      .map(({ delimiter }) => delimiter)
      .join(''),
  };
}
