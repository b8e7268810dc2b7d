import { type BlockState, continuation, documentStart, type Line, scanLine } from './blocks.ts';
import { bareMarkPattern, heal } from './healer.ts';
import { parseInline } from './inline.ts';
import { breakFences, HARD_BREAK, rewriteInline, type SourceEnd } from './rewrite-inline.ts';
import { withoutDelimiters } from './spans.ts';
import { alignsOf, rowOf, type Table, tableText } from './table-text.ts';

/** Takes a text line by line and returns its blocks as Discord renders them. */
export interface DiscordBlocks {
  /** Number of characters held of the open block, without the growing line. */
  heldLength(): number;
  /** Takes a complete line, without its line feed. */
  takeLine(line: string): string;
  /** Takes the incomplete last line, if it says something yet. The line must not continue. */
  takePartial(line: string): string;
  /** Returns the certain beginning of an open block that has become long. `line` is its last line so far, and continues. */
  spill(line: string): string;
  /** Ends the open block. `growing`: emphasis that is open in it stays open. */
  flush(growing: boolean): string;
  copy(): DiscordBlocks;
}

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

interface Held {
  state: BlockState;
  paragraph: HeldLine[];
  /** Emphasis that was open where the paragraph was passed on; null if all of it is still held. */
  open: string | null;
  /** How much of the growing line has been passed on. */
  spilt: number;
  table: (Table & { readonly marks: string }) | null;
  /** The opening line of a fence without code so far; null if there is none. */
  fence: string | null;
  /** Blank lines in indented code, which may end it; null outside it. */
  blankCode: number | null;
  isAfterBlank: boolean;
  definitions: ReadonlyMap<string, string>;
}

const definitionPattern = /^\[(?!\^)([^\]]+)\]:\s+<?([^\s<>]+)>?(?:\s+["'(](.*)["')])?\s*$/;

export function createDiscordBlocks(from?: Held): DiscordBlocks {
  const held: Held = from ?? {
    state: documentStart,
    paragraph: [],
    open: null,
    spilt: 0,
    table: null,
    fence: null,
    blankCode: null,
    isAfterBlank: true,
    definitions: new Map(),
  };

  const emit = (...lines: readonly string[]): string => {
    held.isAfterBlank = (lines.at(-1) ?? '').trim() === '';
    return lines.map((line) => `${line}\n`).join('');
  };

  function endParagraph(growing: boolean): string {
    const { paragraph, open } = held;
    held.paragraph = [];
    held.open = null;
    if (paragraph.length === 0) return '';
    if (open === null) {
      const first = paragraph[0] as HeldLine;
      const [, label, url, title] = definitionPattern.exec(first.content) ?? [];
      if (label !== undefined && url !== undefined && !growing) {
        held.definitions = new Map([...held.definitions, [label.toLowerCase(), url]]);
        held.paragraph = paragraph.slice(1);
        const shown = `${first.marks}[${label}]: ${url}${title ? ` (${title})` : ''}`;
        return emit(shown) + endParagraph(growing);
      }
    }
    const growth = open ? 'continued' : 'shown';
    const lines = rewriteLines(paragraph, open ?? '', growing ? growth : 'complete');
    return emit(...lines);
  }

  function rewriteLines(paragraph: readonly HeldLine[], open: string, ends: SourceEnd): string[] {
    const source = paragraph.map(({ content }) => content).join('\n');
    const rewritten = rewriteInline(open + source, ends, held.definitions);
    const isEscaped = open !== '' && rewritten.startsWith('\\');
    const text = isEscaped ? rewritten.replace(/^(?:\\[*_~|])+/, '') : rewritten.slice(open.length);
    return text.split('\n').map((line, index) => {
      const { marks } = paragraph[Math.min(index, paragraph.length - 1)] as HeldLine;
      return marks + line.replaceAll(HARD_BREAK, `\n${blankMarks(marks)}`);
    });
  }

  function endTable(): string {
    const { table } = held;
    held.table = null;
    if (table === null) return '';
    const lines = tableText(table, held.definitions);
    return emit(...lines.map((line, index) => (index === 0 ? table.marks : blankMarks(table.marks)) + line));
  }

  function endIndented(): string {
    const blank = held.blankCode;
    held.blankCode = null;
    return blank === null ? '' : emit('```', ...Array<string>(blank).fill(''));
  }

  function endBlock(growing = false): string {
    return endParagraph(growing) + endTable() + endIndented();
  }

  /** Closes code without a closing fence: at the end of its list, its quote or the text. */
  function endFence({ leaf, containers }: BlockState): string {
    return leaf.kind === 'fence' ? closeFence(continuation(containers)) : '';
  }

  /** Nothing for a fence without code, which was not opened. */
  function closeFence(marks: string): string {
    const isEmpty = held.fence !== null;
    held.fence = null;
    return isEmpty ? '' : emit(`${marks}\`\`\``);
  }

  function heading(marks: string, level: number, content: string, isOpen: boolean): string {
    const growing = isOpen && content.length <= heldChars;
    const text =
      isOpen && !growing
        ? content
        : rewriteInline(
            content.replace(/[ \t]+#+[ \t]*$/, ''),
            growing ? 'shown' : 'complete',
            held.definitions,
          ).replaceAll(HARD_BREAK, ' ');
    if (text.trim() === '') return emit(marks.trimEnd());
    if (level <= 3 && /^[>\s]*$/.test(marks)) return emit(`${marks}${'#'.repeat(level)} ${text}`);
    return emit(`${marks}**${withoutStrong(growing ? heal(text, 'discord') : text)}**`);
  }

  function code(text: string, { content, after }: Line): string {
    if (after.leaf.kind !== 'fence' || !after.leaf.filled) return '';
    const opening = held.fence === null ? '' : emit(held.fence);
    held.fence = null;
    const from = Math.max(content, held.spilt);
    const marks = held.spilt > 0 ? '' : quoteMarks(text.slice(0, content));
    return opening + emit(marks + breakFences(text.slice(from)));
  }

  function indented(text: string, { content, after }: Line): string {
    const line = text.slice(content).replace(/^(?: {4}|\t)/, '');
    const lead = continuation(after.containers);
    const blank = Array<string>(held.blankCode ?? 0).fill('');
    const opening = held.blankCode === null ? emit(`${lead}\`\`\``) : blank.length > 0 ? emit(...blank) : '';
    held.blankCode = 0;
    return opening + emit(lead + breakFences(line));
  }

  function takeScanned(text: string, line: Line, before: BlockState, growing: boolean): string {
    const { kind } = line;
    const marks = marksOf(text.slice(0, line.content), line);
    const content = text.slice(Math.max(line.content, held.spilt)).replace(/\r$/, '');
    let out = kind === 'code' || kind === 'fence-end' ? '' : endFence(before);
    if (kind !== 'row') out += endTable();
    if (kind !== 'indented' && kind !== 'blank') out += endIndented();
    switch (kind) {
      case 'text':
        if (line.begins && held.spilt === 0) out += endParagraph(false);
        held.paragraph.push({
          marks: held.spilt > 0 ? '' : marks,
          content: /(?:[-*]|\d\.) +$/.test(marks) ? content.replace(/^\[([ xX])\] /, taskBox) : content,
        });
        return out;
      case 'blank':
        if (held.blankCode !== null) {
          held.blankCode++;
          return out;
        }
        out += endParagraph(false);
        return out + emit(line.begins ? marks : /^\s*>/.test(text) ? '> ' : '');
      case 'heading': {
        const level = /(#{1,6})[ \t]*$/.exec(text.slice(0, line.content))?.[1]?.length ?? 1;
        out += endParagraph(false);
        return out + heading(marks.replace(/#{1,6}[ \t]*$/, ''), level, content, growing);
      }
      case 'underline': {
        const [first] = held.paragraph;
        const title = held.paragraph.map((held) => held.content).join(' ');
        const isTitle =
          text.trim().startsWith('=') ||
          (title.length <= longestUnderlined && !/[.!?:。！？：]$/.test(title));
        if (first === undefined || held.open !== null || !isTitle)
          return out + endParagraph(false) + emit('');
        held.paragraph = [];
        return out + heading(first.marks, text.trim().startsWith('=') ? 1 : 2, title, false);
      }
      case 'rule': {
        out += endParagraph(false);
        return held.isAfterBlank ? out : out + emit('');
      }
      case 'fence': {
        out += endParagraph(false);
        const { leaf } = line.after;
        const info = leaf.kind === 'fence' ? leaf.info : '';
        const language = /^[a-z0-9_+\-.#]+/i.exec(info)?.[0] ?? '';
        held.fence = `${marks}\`\`\`${language}`;
        return out;
      }
      case 'code':
        return out + code(text, line);
      case 'fence-end':
        return out + closeFence(marks);
      case 'indented':
        if (!line.begins) {
          held.paragraph.push({ marks, content: content.trimStart() });
          return out;
        }
        return out + endParagraph(false) + indented(text, line);
      case 'delimiter-row': {
        const head = held.paragraph.at(-1);
        if (head === undefined || (held.open !== null && held.paragraph.length === 1)) {
          held.paragraph.push({ marks, content });
          return out;
        }
        held.paragraph.pop();
        out += endParagraph(false);
        held.table = {
          marks: head.marks,
          head: rowOf(head.content, null),
          aligns: alignsOf(content),
          rows: [],
        };
        return out;
      }
      case 'row': {
        const { table } = held;
        if (table === null) {
          held.paragraph.push({ marks, content });
          return out;
        }
        held.table = { ...table, rows: [...table.rows, rowOf(content, table.head.cells.length)] };
        const length = held.table.rows.reduce((sum, { cells }) => sum + cells.join('  ').length + 3, 0);
        if (length < longestTable) return out;
        out += endTable();
        held.table = { ...table, marks: blankMarks(table.marks), rows: [] };
        return out;
      }
    }
  }

  return {
    heldLength() {
      return held.paragraph.reduce((sum, { content }) => sum + content.length + 1, -held.spilt);
    },
    takeLine(source) {
      const before = held.state;
      const text = prepared(source, before);
      const line = scanLine(before, text);
      held.state = line.after;
      const out = takeScanned(text, line, before, false);
      held.spilt = 0;
      return out;
    },
    takePartial(source) {
      const before = held.state;
      const text = prepared(source, before);
      const line = scanLine(before, text);
      const isCode = line.kind === 'code' || line.kind === 'fence-end';
      const isHeld =
        isCode && before.leaf.kind === 'fence'
          ? /^[ \t]*(?:`*|~*)$/.test(text.slice(line.content))
          : line.kind === 'fence' || bareMarkPattern.test(text) || /^[\s>]*\|(?!\|)/.test(text);
      if (isHeld && line.kind !== 'row' && held.spilt === 0) return '';
      held.state = line.after;
      return takeScanned(text, line, before, true);
    },
    spill(source) {
      const text = prepared(source, held.state);
      const line = scanLine(held.state, text);
      if (line.kind === 'code') {
        const end = text.length - (/(?:`+|[\ud800-\udbff])$/.exec(text)?.[0].length ?? 0);
        if (end <= held.spilt) return '';
        const out = code(text.slice(0, end), line).replace(/\n$/, '');
        held.spilt = end;
        return out;
      }
      if (line.kind !== 'text') return '';
      const ended = line.begins && held.spilt === 0 ? endBlock() : '';
      const marks = held.spilt > 0 ? '' : marksOf(text.slice(0, line.content), line);
      const rest = text.slice(Math.max(line.content, held.spilt));
      const paragraph = [...held.paragraph, { marks, content: rest }];
      const joined = (held.open ?? '') + paragraph.map(({ content }) => content).join('\n');
      const { end, open } = safeEnd(joined);
      // The part that stays held lies within the growing line.
      const kept = Math.min(joined.length - end, rest.length);
      const passed = [...held.paragraph, { marks, content: rest.slice(0, rest.length - kept) }];
      const lines = rewriteLines(passed, held.open ?? '', open === '' ? 'complete' : 'continued');
      held.paragraph = [];
      held.open = open;
      held.spilt = text.length - kept;
      held.isAfterBlank = false;
      return ended + lines.join('\n');
    },
    flush(growing) {
      return endBlock(growing) + endFence(held.state);
    },
    copy: () => createDiscordBlocks({ ...held, paragraph: [...held.paragraph] }),
  };
}

/** A Python shell prompt is `>>>`, which on Discord would quote the rest of the message. */
function prepared(line: string, { leaf }: BlockState): string {
  return leaf.kind === 'fence' ? line : line.replace(/^( {0,3})(?=>>>)/, '$1\\');
}

/** Discord knows one level of quotes, at a line's start with a space after the mark, and no items with `+` or `1)`. */
function marksOf(prefix: string, { after, begins }: Line): string {
  const marks = quoteMarks(prefix)
    .replace(/\+(?=\s)/, '-')
    .replace(/(\d{1,9})\)/, '$1.');
  const isLazy = !begins && after.containers[0]?.kind === 'quote' && !marks.startsWith('>');
  return isLazy ? `> ${marks}` : marks;
}

function quoteMarks(prefix: string): string {
  const inner = prefix.replace(/^\s*>/, '').replaceAll(/> ?/g, '');
  return /^\s*>/.test(prefix) ? `> ${inner.replace(/^ /, '')}` : inner;
}

/** The beginning of a block's later lines, for a block with these marks. */
function blankMarks(marks: string): string {
  return marks.replace(/[^>\s]/g, ' ');
}

function taskBox(_: string, mark: string): string {
  return mark === ' ' ? '☐ ' : '☑ ';
}

/** Text that is bold as a whole needs no marks inside. */
function withoutStrong(text: string): string {
  const { spans } = parseInline(text, false, 'discord');
  return withoutDelimiters(
    text,
    spans.filter(({ kind, delimiter }) => kind === 'emphasis' && delimiter === '**'),
  );
}

/**
 * The point up to which a long paragraph can be passed on: before the span that is open at its end, or within that span if it
 * is long.
 */
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
