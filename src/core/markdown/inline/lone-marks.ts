/** A run of one mark of emphasis. */
export interface Run {
  readonly char: string;
  start: number;
  end: number;
  /** The length before any pairing. */
  readonly length: number;
  readonly opens: boolean;
  readonly closes: boolean;
  /** Whether it closes emphasis of its length against CommonMark's rule, as in `**so:**then`, because people read it so. */
  readonly snaps: boolean;
}

/** The length, by the mark's length, after which an unclosed mark before a name counts as part of the name. */
const longestNamed = [0, 60, 200] as const;
/** How far the other half of a bracket is searched. */
const longestBracket = 300;

const word = /[A-Za-z0-9]/;
/** Program names that may include the mark: `_id`, `*args`, `**kwargs`. */
const name = /[a-z_]\w*/y;
/** For example `*args and **kwargs`: a comma or one short word between the names. */
const signature = /^\*[a-z_]\w*(?:, ?| \S{1,4} )\*\*$/;
const closings: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Returns a function that recognises unpaired runs that are part of an address or a name rather than emphasis. */
export function createLoneMarks(text: string, runs: readonly Run[]): (run: Run) => boolean {
  const unclosed = runs.filter((run) => run.opens && run.start < run.end);
  const names = unclosed.filter((run) => /[*_]/.test(run.char) && nameBehind(text, run) !== '');
  const inSignature = new Set(
    names.flatMap((run, index) => {
      const next = names[index + 1];
      return next && signature.test(text.slice(run.start, next.end)) ? [run, next] : [];
    }),
  );
  const isLong = (run: Run): boolean =>
    names.includes(run) && text.length - run.end > (longestNamed[run.length] ?? longestNamed[2]);

  return (run) =>
    isInsideWord(text, run) ||
    isInAddress(text, run) ||
    isLeftByBracket(text, run) ||
    inSignature.has(run) ||
    isLong(run);
}

/** Between ASCII letters or digits (2**10, a*b) a run is emphasis only once it is closed. */
function isInsideWord(text: string, run: Run): boolean {
  return run.start > 0 && word.test(text[run.start - 1] as string) && word.test(text[run.end] as string);
}

/** For example `GET /_search`, `*.ts`, `a=_b`. */
function isInAddress(text: string, { char, start, end, length }: Run): boolean {
  if (char === '~' || char === '|') return false;
  const before = text[start - 1] ?? ' ';
  const after = text[end] ?? ' ';
  if (before === '/' || after === '/') return true;
  if (length > 1 && char === '*') return false;
  return /[.=@#$&%^+]/.test(before) || (char === '*' && /[.,;)\]]/.test(after));
}

/** For example `(_id)`: the bracket closes before the mark does. */
function isLeftByBracket(text: string, { start, end }: Run): boolean {
  const opening = text[start - 1] ?? ' ';
  const closing = closings[opening];
  if (closing === undefined) return false;
  let depth = 1;
  for (let at = end; at < Math.min(text.length, end + longestBracket); at++) {
    if (text[at] === opening) depth++;
    else if (text[at] === closing && --depth === 0) return true;
  }
  return false;
}

function nameBehind(text: string, { end }: Run): string {
  name.lastIndex = end;
  return name.exec(text)?.[0] ?? '';
}
