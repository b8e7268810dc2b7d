import { splitsPair } from '../kit/text.ts';

/**
 * The tokenizer's time grows with the square of a run without a break (100,000 CJK characters in one go: a minute and
 * more), so that it gets text in pieces of at most so many UTF-16 units: no text then takes above 0.6 s per 100,000.
 */
export const PIECE_CHARS = 1_000;

export interface CountOptions {
  /** Tokens of one piece, at most `PIECE_CHARS` long. */
  readonly count: (piece: string) => number;
  readonly now: () => number;
  readonly budgetMs: number;
}

/**
 * The tokens of a text, counted piece by piece. A cut inside a run may add a token, half a percent at the worst. What is
 * left when the budget is used up counts by its bytes, of which no token has less than one.
 */
export function countWithin(text: string, { count, now, budgetMs }: CountOptions): number {
  const endsAtMs = now() + budgetMs;
  let tokens = 0;
  for (let from = 0; from < text.length; ) {
    if (now() >= endsAtMs) return tokens + Buffer.byteLength(text.slice(from));
    const to = from + PIECE_CHARS < text.length ? cutBefore(text, from, from + PIECE_CHARS) : text.length;
    tokens += count(text.slice(from, to));
    from = to;
  }
  return tokens;
}

/** Before white space where there is some in the second half of the piece, and never inside a character. */
function cutBefore(text: string, from: number, to: number): number {
  for (let at = to; at > from + PIECE_CHARS / 2; at--) {
    if (isSpace(text.charCodeAt(at)) && !isSpace(text.charCodeAt(at - 1))) return at;
  }
  return splitsPair(text, to) ? to - 1 : to;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a;
}
