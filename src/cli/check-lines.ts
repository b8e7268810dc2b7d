import type { Check } from '../app/checks/check.ts';

const SIGNS = { ok: '✓', off: '-', warn: '!', fail: '✗' } as const;

/** A line for each check, with a symbol for its state. */
export function linesOf(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ area }) => area.length));
  return checks.map(
    ({ area, state, finding, remedy }) =>
      `${SIGNS[state]} ${area.padEnd(width)}  ${sentence(finding)}${remedy === null ? '' : ` ${sentence(remedy)}`}`,
  );
}

/** Some end in a question mark already. */
function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
