import { readFile } from 'node:fs/promises';
import { type Check, linesOf } from '../app/checks/check.ts';
import type { LiveTarget } from '../app/checks/live/live.ts';
import { checkEnvironment, keyFrom, readConfig } from '../app/config/config.ts';
import type { Environment } from '../app/config/environment.ts';
import { CHAT_TOKENS } from '../app/config/variables.ts';
import { meansFor } from '../app/means.ts';
import { parseCatalogueFile } from '../core/catalogue/file.ts';
import { counted } from '../core/kit/text/text.ts';
import { VERSION } from '../core/kit/version.ts';
import { StartError } from '../core/ports/adapter.ts';
import { type CliCommand, type CliOutput, UsageError } from './command.ts';

/** Checks everything that Parley needs, and says what is wrong and how to fix it. */
export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Check everything, with a remedy for each fault',
  usage: ['doctor', 'doctor --live discord:<channel id>|slack:<channel id> [--yes]'],
  options: { live: { type: 'string' }, yes: { type: 'boolean' } },

  async runBare(args, environment) {
    args.words(0);
    const live = args.text('live');
    if (live !== undefined) return lookAt(live, args.has('yes'), environment);
    if (args.has('yes')) throw new UsageError('--yes is only for --live.');
    const { config: proxies } = checkEnvironment(environment.variables);
    // With the libraries of both platforms, which would double the time of every other command.
    const [{ examine }, { commands }] = await Promise.all([
      import('../app/checks/doctor.ts'),
      import('../commands/index.ts'),
    ]);
    const checks = await examine({ ...meansFor(proxies), environment, commands });
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

/**
 * Checks one channel of a real platform, after the person agreed.
 * @throws UsageError, Cancelled
 */
async function lookAt(text: string, isAgreed: boolean, { variables }: Environment): Promise<CliOutput> {
  const { lookLive, parseLiveTarget } = await import('../app/checks/live/live.ts');
  const target = parseLiveTarget(text);
  if (target === null) {
    throw new UsageError(
      `${JSON.stringify(text)} is not a channel. Write discord:123456789012345678 or slack:C012AB3CD.`,
    );
  }
  const config = readConfig(variables);
  const variable = CHAT_TOKENS[target.platform];
  if (config[variable] === undefined) {
    throw new StartError(
      `${variable} is not set, so there is no bot for the check.`,
      `Set it in .env; see docs/${target.platform}.md`,
    );
  }
  if (!isAgreed) await agree(target, variables);
  const file = parseCatalogueFile(await readFile(config.MODELS_FILE, 'utf8'), config.MODELS_FILE);
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('interrupted'));
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    const checks = await lookLive(target, {
      config,
      file,
      keyIn: (name) => keyFrom(variables, name),
      ...meansFor(config),
      signal: stopping.signal,
      onStep: (what) => void process.stderr.write(`… ${what}\n`),
    });
    const failed = checks.some(({ state }) => state === 'fail');
    const differences = checks.filter(({ state }) => state === 'warn').length;
    const about = { version: VERSION, node: process.versions.node, platform: target.platform };
    return {
      text: [
        `Live check of ${about.platform} by Parley ${about.version}, Node ${about.node}`,
        '',
        ...linesOf(checks),
        '',
        `${differences === 0 ? 'No difference' : counted(differences, 'difference', 'differences')} from what Parley assumes. This report contains no keys, names or channels.`,
      ].join('\n'),
      json: { ...about, ok: !failed, differences, checks },
      failed,
    };
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function agree({ platform, channel }: LiveTarget, variables: NodeJS.Dict<string>): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError(
      `--live posts to ${platform}:${channel}. Without a terminal to ask on, add --yes to agree.`,
    );
  }
  const question = `This posts about 20 messages to ${platform}:${channel}, edits and deletes them, opens a thread, uploads a file, and asks one model one question for at most $0.01. It takes about a minute. Continue?`;
  const { Cancelled, createTerminalAsk } = await import('./setup/ask.ts');
  if (!(await createTerminalAsk(variables).confirm(question, false))) throw new Cancelled('not agreed');
}
