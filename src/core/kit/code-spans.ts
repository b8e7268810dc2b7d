/**
 * The text with code blanked out, character for character, so that what is found elsewhere keeps its place. Code stands
 * between two runs of backticks of one length, on one line or over many: CommonMark's rule, and what Discord's and Slack's
 * clients show as code. A run without its twin is text.
 */
export function withoutCode(text: string): string {
  if (!text.includes('`')) return text;
  const runs = [...text.matchAll(/`+/g)].map(({ 0: run, index }) => ({ at: index, length: run.length }));
  /** Where the next run of each length stands in `runs`, from the end. */
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
