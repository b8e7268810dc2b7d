/** One result about the installation. Contains no secret, so that it can be pasted into an issue. */
export interface Check {
  readonly area: Area;
  /** `off`: not set up, and optional. `warn`: works, but something is missing or will stop working soon. */
  readonly state: 'ok' | 'off' | 'warn' | 'fail';
  /** One line without a full stop. */
  readonly finding: string;
  /** The remedy; null if none is needed. */
  readonly remedy: string | null;
}

export type Area = 'Setup' | 'Machine' | 'Store' | 'Providers' | 'Models' | 'Discord' | 'Slack' | 'Live';

/** Collects the checks of one area. The full stop of a sentence is dropped. */
export interface Findings {
  readonly checks: Check[];
  ok(finding: string): void;
  off(finding: string, remedy: string): void;
  warn(finding: string, remedy: string): void;
  fail(finding: string, remedy: string): void;
}

/** Findings keep the order in which they were added. */
export function createFindings(area: Area): Findings {
  const checks: Check[] = [];
  const add = (state: Check['state']) => (finding: string, remedy?: string) =>
    void checks.push({
      area,
      state,
      finding: withoutStop(finding),
      remedy: remedy === undefined ? null : withoutStop(remedy),
    });
  return { checks, ok: add('ok'), off: add('off'), warn: add('warn'), fail: add('fail') };
}

const SIGNS = { ok: '✓', off: '-', warn: '!', fail: '✗' } as const satisfies Record<Check['state'], string>;

/** A line for each check, with a symbol for its state. */
export function linesOf(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ area }) => area.length));
  return checks.map((check) => `${SIGNS[check.state]} ${check.area.padEnd(width)}  ${checkInWords(check)}`);
}

/** The finding and its remedy as sentences; some end in a question mark already. */
export function checkInWords({ finding, remedy }: Check): string {
  const sentence = (text: string) => (/[.?!]$/.test(text) ? text : `${text}.`);
  return remedy === null ? sentence(finding) : `${sentence(finding)} ${sentence(remedy)}`;
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
