import { setImmediate as turn } from 'node:timers/promises';
import { loadVocabulary, type Vocabulary, type VocabularySize } from './vocabulary.ts';

/** An upper bound of the tokens of a text for any model: a token has at least one byte of UTF-8. Cost limits rely on it. */
export function mostTokensOfAny(text: string): number {
  return Buffer.byteLength(text);
}

/** This much text takes up to 20 ms; other work runs in between. */
const CHARS_PER_TURN = 16_000;

/** For longer texts the number of bytes is used, because it is known at once. */
const MAX_CHARS = 1_000_000;

/** The time for a piece grows with the square of its length. Natural text, even Thai, has a break much earlier. */
const MAX_PIECE_BYTES = 2_000;

/**
 * An upper bound of the tokens of a text for a model with this OpenAI vocabulary. For people's texts in any script it is at
 * most twice the true count, for English a tenth above it. For other models it is an estimate; models with smaller
 * vocabularies count more. A text above a million characters counts as its bytes.
 *
 * A tokenizer joins the pair of lowest rank until none is left. This one knows only the first 64,000 ranks. Its joins are the
 * complete tokenizer's first ones, and every further join would only lower the count.
 *
 * Rejects only with the signal's reason.
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

/** The number of tokens left in a piece after joining pairs, lowest rank first. */
function joined(bytes: string, ranks: ReadonlyMap<string, number>): number {
  /** The start of each token, and the end of the last one. */
  const starts = Array.from({ length: bytes.length + 1 }, (_, at) => at);
  /** The rank of the pair that begins with this token. */
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
