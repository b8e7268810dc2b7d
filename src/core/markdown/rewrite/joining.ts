import { type BlockState, documentStart } from '../blocks/block-state.ts';
import { scanLine } from '../blocks/blocks.ts';
import { flankingOf } from '../inline/flanking.ts';

/** U+2060 WORD JOINER: invisible, and neither space nor punctuation. */
const JOINER = '\u2060';

const startsWithSpace = /^\s/;
/** A line that begins a block. */
const blockMark = /^\s*(?:[-+*>#]+|\d{1,9}[.)]) /;
/** A line whose first word is complete. */
const firstWord = /\S /;
/** One character that may mean something, or all text up to the next one. */
const pieces = /[\n*`\\]|[^\n*`\\]+/g;

/**
 * For renderers that follow CommonMark by the letter. Next to CJK letters they read `**优点：**速度` and `是**「重点」**吗` as plain
 * asterisks. A joiner between the asterisks and the punctuation makes them emphasis everywhere. Only trailing asterisks are
 * held back.
 */
export function createJoiningRewriter() {
  let state: BlockState = documentStart;
  let line = '';
  let isFirstWord = true;
  /** Asterisks whose next character has not come. */
  let run = '';
  /** The piece before them. */
  let before = '';
  let isEscaped = false;
  /** The backticks that opened code in this line, and those being read. */
  let code = '';
  let ticks = '';
  /** Lengths of the runs that opened emphasis in this paragraph. */
  let open: number[] = [];

  /** @param next the piece after the asterisks; empty at the end of a line */
  function endRun(next: string): string {
    const stars = run;
    if (stars === '') return '';
    run = '';
    const text = before + stars + next;
    const start = before.length;
    const end = start + stars.length;
    const flanks = flankingOf(text, start, end, text.length);
    const opened = open.indexOf(stars.length);
    if (opened !== -1) {
      if (flanks.spaceBefore) return stars;
      open = open.slice(0, opened);
      const isPlain =
        flanks.punctuationBefore && next !== '' && !startsWithSpace.test(next) && !flanks.punctuationAfter;
      return isPlain ? JOINER + stars : stars;
    }
    if (!flanks.left) return stars;
    open.push(stars.length);
    const isPlain = flanks.punctuationAfter && !flanks.spaceBefore && !flanks.punctuationBefore;
    return isPlain ? stars + JOINER : stars;
  }

  function takePiece(piece: string): string {
    if (ticks !== '' && piece !== '`') {
      if (code === '') code = ticks;
      else if (code === ticks) code = '';
      ticks = '';
    }
    if (piece === '*' && !isEscaped && code === '') {
      run += piece;
      return '';
    }
    const out = endRun(piece) + piece;
    if (piece === '`' && !isEscaped) ticks += piece;
    isEscaped = piece === '\\' && !isEscaped && code === '';
    before = piece;
    return out;
  }

  function endLine(): string {
    const out = endRun('');
    const scanned = scanLine(state, line);
    if (scanned.kind !== 'text') open = [];
    state = scanned.after;
    line = code = ticks = before = '';
    isEscaped = false;
    isFirstWord = true;
    return `${out}\n`;
  }

  return {
    push(delta: string): string {
      let out = '';
      for (const piece of delta.match(pieces) ?? []) {
        if (piece === '\n') {
          out += endLine();
          continue;
        }
        line += piece;
        out += state.leaf.kind === 'fence' ? piece : takePiece(piece);
        if (isFirstWord && piece.includes(' ') && firstWord.test(line)) {
          isFirstWord = false;
          if (blockMark.test(line)) open = [];
        }
      }
      return out;
    },
    pending: (): string => run,
    finish(): string {
      const out = endRun('');
      line = '';
      return out;
    },
  };
}
