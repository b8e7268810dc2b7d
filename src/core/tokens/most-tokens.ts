import { setImmediate as turn } from 'node:timers/promises';
import { loadVocabulary, type Vocabulary, type VocabularySize } from './vocabulary.ts';

/** At least what any model counts for a text: a token is at least one byte of UTF-8. Money rests on this. */
export function mostTokensOfAny(text: string): number {
  return Buffer.byteLength(text);
}

/** So much text costs up to 20 ms; other work goes on in between. */
const CHARS_PER_TURN = 16_000;

/** Above that the bytes are the better bound, because they are there at once. */
const MAX_CHARS = 1_000_000;

/** The time for a piece grows with the square of its length. Natural text has a break much earlier, Thai too. */
const MAX_PIECE_BYTES = 2_000;

/**
 * At least what a model with this vocabulary of OpenAI's counts for a text, and at most twice that for text that people
 * write, in any script; a tenth more for English. For other models it is an estimate: those with smaller vocabularies count
 * more. A text above a million characters comes to its bytes.
 *
 * A tokenizer joins the pair of least rank until no pair has one. This one knows the first 64,000 ranks alone. It does what
 * the whole one does first, and all that the whole one does after that makes the count smaller.
 *
 * Rejects with the signal's reason alone.
 */
export async function mostTokens(text: string, size: VocabularySize, signal?: AbortSignal): Promise<number> {
  signal?.throwIfAborted();
  if (text.length > MAX_CHARS) return mostTokensOfAny(text);
  const vocabulary = await loadVocabulary(size);
  let tokens = 0;
  let turnEndsAt = CHARS_PER_TURN;
  for (const { 0: piece, index } of text.matchAll(vocabulary.pieces)) {
    if (index >= turnEndsAt) {
      turnEndsAt = index + CHARS_PER_TURN;
      await turn();
      signal?.throwIfAborted();
    }
    tokens += tokensOf(piece, vocabulary);
  }
  return tokens;
}

function tokensOf(piece: string, { ranks }: Vocabulary): number {
  const length = Buffer.byteLength(piece);
  const bytes = length === piece.length ? piece : Buffer.from(piece).toString('latin1');
  if (ranks.has(bytes)) return 1;
  return length > MAX_PIECE_BYTES ? length : joined(bytes, ranks);
}

/** How many tokens are left of a piece if pairs are joined, the least rank first. */
function joined(bytes: string, ranks: ReadonlyMap<string, number>): number {
  /** Where tokens begin, and at the end where the last one ends. */
  const starts = Array.from({ length: bytes.length + 1 }, (_, at) => at);
  /** Of the pair that begins with this token. */
  const rankOf = (pair: number) =>
    ranks.get(bytes.slice(starts[pair], starts[pair + 2])) ?? Number.POSITIVE_INFINITY;
  const pairs = Array.from({ length: bytes.length - 1 }, (_, at) => rankOf(at));
  for (;;) {
    let least = 0;
    for (let at = 1; at < pairs.length; at++) if ((pairs[at] ?? 0) < (pairs[least] ?? 0)) least = at;
    if (pairs.length === 0 || pairs[least] === Number.POSITIVE_INFINITY) return pairs.length + 1;
    starts.splice(least + 1, 1);
    pairs.splice(least, 1);
    if (least < pairs.length) pairs[least] = rankOf(least);
    if (least > 0) pairs[least - 1] = rankOf(least - 1);
  }
}
