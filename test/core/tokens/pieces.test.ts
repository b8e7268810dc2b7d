import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../../src/core/tokens/pieces.ts';

describe('piecesOf', () => {
  it('loses nothing, doubles nothing, and keeps each piece short', () => {
    const runs = fc.array(
      fc.tuple(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.integer({ min: 1, max: 200 })),
    );
    fc.assert(
      fc.property(runs, (parts) => {
        const text = parts.map(([unit, times]) => unit.repeat(times)).join(' ');
        const pieces = [...piecesOf(text)];
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) {
          expect(piece.length).toBeGreaterThan(0);
          expect(piece.length).toBeLessThanOrEqual(1_000);
          expect(piece.isWellFormed()).toBe(text.isWellFormed());
        }
      }),
    );
  });

  it('cuts before white space rather than inside a word', () => {
    const pieces = [...piecesOf('tokens '.repeat(1_000))];
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces.slice(1)) expect(piece.startsWith(' tokens')).toBe(true);
  });

  it('never cuts an astral character in two', () => {
    for (const shift of ['', 'a']) {
      for (const piece of piecesOf(shift + '𠀀'.repeat(2_000))) expect(piece.isWellFormed()).toBe(true);
    }
  });
});
