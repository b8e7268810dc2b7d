import type { Run } from './lone-marks.ts';
import type { Span } from './spans.ts';

/** CommonMark's "process emphasis" over the runs from `from` on; the remaining ones are literal. */
export function pairRuns(runs: Run[], from: number, spans: Span[]): void {
  /** Below these indices there is no opener for the same kind of closer. */
  const bottoms = new Map<string, number>();
  const stack: number[] = [];
  for (let index = from; index < runs.length; index++) {
    const closer = runs[index] as Run;
    const kind = `${closer.char}${closer.opens}${closer.length % 3}`;
    while ((closer.closes || (closer.snaps && endsEqual(runs, stack, closer))) && closer.start < closer.end) {
      let depth = stack.length - 1;
      const bottom = bottoms.get(kind) ?? from;
      while (
        depth >= 0 &&
        (stack[depth] as number) >= bottom &&
        !pairs(runs[stack[depth] as number] as Run, closer)
      )
        depth--;
      if (depth < 0 || (stack[depth] as number) < bottom) {
        bottoms.set(kind, index);
        break;
      }
      const opener = runs[stack[depth] as number] as Run;
      const length = opener.end - opener.start >= 2 && closer.end - closer.start >= 2 ? 2 : 1;
      opener.end -= length;
      spans.push({
        kind: 'emphasis',
        start: opener.end,
        end: closer.start + length,
        delimiter: opener.char.repeat(length),
      });
      closer.start += length;
      for (const crossed of stack.splice(depth + 1))
        (runs[crossed] as Run).end = (runs[crossed] as Run).start;
      if (opener.start === opener.end) stack.pop();
    }
    if (closer.opens && closer.start < closer.end) stack.push(index);
  }
}

function endsEqual(runs: readonly Run[], stack: readonly number[], closer: Run): boolean {
  const isEqual = ({ char, length }: Run): boolean => char === closer.char && length === closer.length;
  return stack.some((index) => isEqual(runs[index] as Run));
}

function pairs(opener: Run, closer: Run): boolean {
  if (opener.char !== closer.char) return false;
  const either = opener.closes || closer.opens;
  return (
    !either ||
    (opener.length + closer.length) % 3 !== 0 ||
    (opener.length % 3 === 0 && closer.length % 3 === 0)
  );
}
