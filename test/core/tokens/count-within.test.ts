import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWithin, PIECE_CHARS } from '../../../src/core/tokens/count-within.ts';

/** The pieces that a text is counted in, where each takes so long. */
function countInPieces(text: string, { pieceMs = 0, budgetMs = 1 } = {}) {
  const pieces: string[] = [];
  const tokens = countWithin(text, {
    count(piece) {
      pieces.push(piece);
      return 1;
    },
    now: () => pieces.length * pieceMs,
    budgetMs,
  });
  return { pieces, tokens };
}

describe('counting tokens piece by piece', () => {
  it('loses nothing, doubles nothing, and keeps each piece short', () => {
    const runs = fc.array(
      fc.tuple(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.integer({ min: 1, max: 200 })),
    );
    fc.assert(
      fc.property(runs, (parts) => {
        const text = parts.map(([unit, times]) => unit.repeat(times)).join(' ');
        const { pieces, tokens } = countInPieces(text);
        expect(pieces.join('')).toBe(text);
        expect(tokens).toBe(pieces.length);
        for (const piece of pieces) {
          expect(piece.length).toBeGreaterThan(0);
          expect(piece.length).toBeLessThanOrEqual(PIECE_CHARS);
          expect(piece.isWellFormed()).toBe(text.isWellFormed());
        }
      }),
    );
  });

  it('cuts before white space rather than inside a word', () => {
    const { pieces } = countInPieces('tokens '.repeat(1_000));
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces.slice(1)) expect(piece.startsWith(' tokens')).toBe(true);
  });

  it('never cuts an astral character in two', () => {
    for (const shift of ['', 'a']) {
      const { pieces } = countInPieces(shift + '𠀀'.repeat(2_000));
      for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
    }
  });

  it('counts by its bytes what is left when the time is up', () => {
    const { pieces, tokens } = countInPieces('é'.repeat(10 * PIECE_CHARS), { pieceMs: 100, budgetMs: 250 });
    expect(pieces).toHaveLength(3);
    expect(tokens).toBe(3 + 7 * PIECE_CHARS * 2);
  });
});
