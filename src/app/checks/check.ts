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

/** Collects the checks of one area. */
export interface Findings {
  readonly checks: Check[];
  ok(finding: string): void;
  off(finding: string, remedy: string): void;
  warn(finding: string, remedy: string): void;
  fail(finding: string, remedy: string): void;
}

export function createFindings(area: Area): Findings {
  const checks: Check[] = [];
  return {
    checks,
    ok: (finding) => checks.push({ area, state: 'ok', finding, remedy: null }),
    off: (finding, remedy) => checks.push({ area, state: 'off', finding, remedy }),
    warn: (finding, remedy) => checks.push({ area, state: 'warn', finding, remedy }),
    fail: (finding, remedy) => checks.push({ area, state: 'fail', finding, remedy }),
  };
}
