import { pino } from 'pino';
import type { Check } from '../app/checks/check.ts';
import { examine } from '../app/checks/doctor.ts';
import { createFetch } from '../app/http-client.ts';
import { commands } from '../commands/index.ts';
import { systemClock } from '../core/kit/clock.ts';
import { VERSION } from '../core/kit/version.ts';
import { type CliCommand, UsageError } from './command.ts';

/** Looks at everything that Parley needs, and says what is wrong and what to do. */
export const doctor: CliCommand = {
  name: 'doctor',
  usage: ['doctor'],
  options: {},

  async runBare({ positionals: [extra] }, environment) {
    if (extra !== undefined) throw new UsageError(`${JSON.stringify(extra)} is too much.`);
    const log = pino({ level: 'silent' });
    const fetch = createFetch(environment.variables);
    const checks = await examine({ environment, commands, fetch, clock: systemClock, log });
    const failed = checks.filter(({ state }) => state === 'fail').length;
    return {
      text: [...linesOf(checks), '', verdict(checks, failed)].join('\n'),
      json: { version: VERSION, ok: failed === 0, checks },
      failed: failed > 0,
    };
  },
};

const SIGNS = { ok: '✓', off: '-', warn: '!', fail: '✗' } as const;

/** A line for each check, with a sign before it. */
export function linesOf(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ area }) => area.length));
  return checks.map(
    ({ area, state, finding, remedy }) =>
      `${SIGNS[state]} ${area.padEnd(width)}  ${finding}.${remedy === null ? '' : ` ${remedy}.`}`,
  );
}

function verdict(checks: readonly Check[], failed: number): string {
  const warned = checks.filter(({ state }) => state === 'warn').length;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  if (failed > 0) return `${count(failed, 'fault')}, ${count(warned, 'warning')}.`;
  return warned > 0 ? `Parley can run; ${count(warned, 'warning')}.` : 'All is well.';
}
