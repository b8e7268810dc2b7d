/**
 * Replaces code by spaces, character for character, so that positions in the text stay valid. Code stands between two
 * backtick runs of the same length, on one line or several: the rule of CommonMark and of Discord's and Slack's clients. An
 * unpaired run is text.
 */
export function withoutCode(text: string): string {
  if (!text.includes('`')) return text;
  const runs = [...text.matchAll(/`+/g)].map(({ 0: run, index }) => ({ at: index, length: run.length }));
  /** The index in `runs` of the next run of each length, filled from the end. */
  const laterOf = new Map<number, number>();
  const twins: (number | undefined)[] = [];
  for (let index = runs.length - 1; index >= 0; index--) {
    const length = runs[index]?.length ?? 0;
    twins[index] = laterOf.get(length);
    laterOf.set(length, index);
  }
  const pieces: string[] = [];
  let from = 0;
  for (let index = 0; index < runs.length; index++) {
    const [open, twin] = [runs[index], twins[index]];
    const close = twin === undefined ? undefined : runs[twin];
    if (open === undefined || close === undefined || twin === undefined) continue;
    const end = close.at + close.length;
    pieces.push(text.slice(from, open.at), text.slice(open.at, end).replace(/[^\n]/g, ' '));
    from = end;
    index = twin;
  }
  return pieces.join('') + text.slice(from);
}
