import { MAX_NOTE_CHARS } from '../../ports/surface.ts';

const MORE = 'There is more: only the person who asked sees it.';

export interface Note {
  /** As `MessageView.note`. */
  readonly note: string | null;
  /** Remarks that did not fit, for the asker alone. */
  readonly left: readonly string[];
}

/** Builds the line under an answer: as many remarks as fit, then `words`, which always fit: how it ended, what must be said. */
export function noteOf(remarks: readonly string[], words: readonly (string | null)[]): Note {
  const said = words.filter((word) => word !== null && word !== '');
  const lineOf = (shown: readonly string[], ...more: readonly string[]) =>
    [...shown, ...more, ...said].join(' ');
  const all = lineOf(remarks);
  if (all.length <= MAX_NOTE_CHARS) return { note: all || null, left: [] };
  const shown: string[] = [];
  const left: string[] = [];
  for (const remark of remarks) {
    const fits = lineOf([...shown, remark], MORE).length <= MAX_NOTE_CHARS;
    (fits ? shown : left).push(remark);
  }
  return { note: lineOf(shown, MORE).slice(0, MAX_NOTE_CHARS).toWellFormed(), left };
}
