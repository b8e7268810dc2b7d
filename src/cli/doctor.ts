import { type Check, linesOf } from '../app/checks/check.ts';
import { examine } from '../app/checks/doctor.ts';
import { commands } from '../commands/index.ts';
import { counted } from '../core/kit/text.ts';
import { VERSION } from '../core/kit/version.ts';
import { type CliCommand, meansFor, refuseMore, textIn, UsageError } from './command.ts';
import { lookAt } from './doctor-live.ts';

/** Checks everything that Parley needs, and says what is wrong and how to fix it. */
export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Check everything, with a remedy for each fault',
  usage: ['doctor', 'doctor --live discord:<channel id>|slack:<channel id> [--yes]'],
  options: { live: { type: 'string' }, yes: { type: 'boolean' } },

  async runBare({ positionals, values }, environment) {
    refuseMore(positionals);
    const live = textIn(values, 'live');
    if (live !== undefined) return lookAt(live, values['yes'] === true, environment);
    if (values['yes'] === true) throw new UsageError('--yes is only for --live.');
    const checks = await examine({ ...meansFor(environment.variables), environment, commands });
    const failed = checks.filter(({ state }) => state === 'fail').length;
    return {
      text: [...linesOf(checks), '', verdict(checks, failed)].join('\n'),
      json: { version: VERSION, ok: failed === 0, checks },
      failed: failed > 0,
    };
  },
};

function verdict(checks: readonly Check[], failed: number): string {
  const warned = checks.filter(({ state }) => state === 'warn').length;
  const warnings = counted(warned, 'warning', 'warnings');
  if (failed > 0) return `${counted(failed, 'fault', 'faults')}, ${warnings}.`;
  return warned > 0 ? `Parley can run; ${warnings}.` : 'Everything works.';
}
