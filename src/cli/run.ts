import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { readConfig } from '../app/config/config.ts';
import type { Environment } from '../app/config/environment.ts';
import { ConfigError } from '../app/config/faults.ts';
import { createLog } from '../app/telemetry/log.ts';
import { createAuditLog } from '../core/access/audit.ts';
import { createGuildNames } from '../core/access/guild-names.ts';
import { eitherOf, messageOf } from '../core/kit/text/text.ts';
import { systemClock } from '../core/kit/time/clock.ts';
import { VERSION } from '../core/kit/version.ts';
import { StartError } from '../core/ports/adapter.ts';
import { GUILD_LIMITS, LIMITS } from '../core/ports/limits.ts';
import { GUILD_EXAMPLES } from '../core/ports/platforms.ts';
import { openStore } from '../store/open-store.ts';
import { access } from './access.ts';
import { answers, stop } from './answers.ts';
import { audit } from './audit.ts';
import { backup, restore } from './backup.ts';
import {
  type CliArguments,
  type CliCommand,
  type CliOutput,
  createArguments,
  UsageError,
} from './command.ts';
import { doctor } from './doctor.ts';
import { limits } from './limits.ts';
import { models } from './models.ts';
import { outcomes } from './outcomes.ts';
import { pause, resume } from './pause.ts';
import { exportData, forget } from './privacy.ts';
import { setup } from './setup.ts';
import { tier } from './tier.ts';
import { guilds, unsettled, usage } from './usage.ts';

const COMMANDS: readonly CliCommand[] = [
  guilds,
  tier,
  limits,
  access,
  models,
  usage,
  outcomes,
  unsettled,
  audit,
  answers,
  stop,
  exportData,
  forget,
  pause,
  resume,
  backup,
  restore,
  doctor,
  setup,
];

const PROGRAM = 'npm run --silent parley --';

/** All commands, a line each. */
function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return `Usage: ${PROGRAM} <command>

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

\`${PROGRAM} help <command>\` says how to write it. --json prints JSON, for scripts; --version says which Parley this is.
`;
}

/** The ways to write a command, with the words in them that need one. */
function usageOf({ usage }: CliCommand): string {
  const notes = Object.entries(NOTES).flatMap(([word, note]) =>
    usage.some((line) => line.includes(word)) ? [`  ${note}\n`] : [],
  );
  return `Usage:\n${usage.map((line) => `  ${PROGRAM} ${line}\n`).join('')}${notes.length === 0 ? '' : `\n${notes.join('')}`}`;
}

const NOTES = {
  '<guild>': `A guild is ${eitherOf(GUILD_EXAMPLES)}; \`guilds\` lists them.`,
  '<limit>': `A limit is ${eitherOf(GUILD_LIMITS.map((limit) => LIMITS[limit].option.value))}.`,
  '<date>': 'A date is 2027-01-01 (its beginning in UTC) or 2027-01-01T18:00Z.',
} as const;

/** The output and exit code of the process. */
export interface CliOutcome {
  /** 0; 1 after a failure; 2 for an invalid command line. */
  readonly code: 0 | 1 | 2;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command line on the environment's store, even while a bot uses it. Never rejects. */
export async function runCli(
  args: readonly string[],
  readEnvironment: () => Promise<Environment>,
): Promise<CliOutcome> {
  try {
    const { output, failed } = await outputOf(args, readEnvironment);
    return { code: failed ? 1 : 0, output, errors: '' };
  } catch (error) {
    if (error instanceof UsageError) {
      const command = commandNamed(args[0]);
      const usage = command === undefined ? overview() : usageOf(command);
      return { code: 2, output: '', errors: `${error.message}\n\n${usage}` };
    }
    // The person knows already.
    if (error instanceof Error && error.name === 'Cancelled') return { code: 1, output: '', errors: '' };
    if (error instanceof StartError) {
      return { code: 1, output: '', errors: `${error.message}\n${error.remedy}\n` };
    }
    const isKnown = error instanceof ConfigError;
    return { code: 1, output: '', errors: `${isKnown ? '' : 'That failed: '}${messageOf(error)}\n` };
  }
}

async function outputOf(
  [name, ...rest]: readonly string[],
  readEnvironment: () => Promise<Environment>,
): Promise<{ readonly output: string; readonly failed: boolean }> {
  if (name === undefined || name === '--help' || name === '-h') return help();
  if (name === 'help') return help(rest[0]);
  if (name === '--version' || name === '-v' || name === 'version') {
    const isJson = rest.includes('--json');
    return {
      output: `${isJson ? JSON.stringify({ version: VERSION, node: process.versions.node }) : VERSION}\n`,
      failed: false,
    };
  }
  const command = commandFor(name);
  const args = parse(command, rest);
  if (args.has('help')) return help(name);
  const { text, json, failed = false } = await runCommand(command, args, await readEnvironment());
  const output = args.has('json') ? `${JSON.stringify(json, null, 2)}\n` : `${text}\n`;
  return { output, failed };
}

/** How to write a command; without a name, which commands there are. @throws UsageError if there is none of the name */
function help(name?: string): { readonly output: string; readonly failed: boolean } {
  if (name === undefined) return { output: overview(), failed: false };
  const command = commandFor(name);
  return { output: `${command.summary}.\n\n${usageOf(command)}`, failed: false };
}

const commandNamed = (name: string | undefined) => COMMANDS.find((each) => each.name === name);

function commandFor(name: string): CliCommand {
  const command = commandNamed(name);
  if (command === undefined) throw new UsageError(`There is no command ${JSON.stringify(name)}.`);
  return command;
}

function parse(command: CliCommand, args: string[]): CliArguments {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, ...command.options },
    });
    return createArguments(positionals, values);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // After the first sentence comes advice that does not apply to these commands.
    const [problem = ''] = error.message.split(/\.\s/);
    throw new UsageError(`${problem}.`, { cause: error });
  }
}

async function runCommand(
  command: CliCommand,
  args: CliArguments,
  environment: Environment,
): Promise<CliOutput> {
  if ('runBare' in command) return command.runBare(args, environment);
  const config = readConfig(environment.variables, environment.fromFile);
  if (config.STORE_URL === 'memory:') {
    throw new StartError(
      'STORE_URL is memory:, which exists only inside the bot.',
      'Set STORE_URL to the same sqlite:PATH or redis://HOST:PORT for the bot and the command line.',
    );
  }
  const clock = systemClock;
  if ('runClosed' in command) return command.runClosed(args, { config, clock });
  const log = createLog('warn', process.stderr);
  await using closing = new AsyncDisposableStack();
  const opened = await openStore(config.STORE_URL, { clock, log, mustExist: true });
  const store = closing.adopt(opened, (it) => it.close());
  const audit = createAuditLog(store.records);
  const names = createGuildNames(store);
  const by = `command line (${userName()})`;
  return await command.run(args, { config, environment, store, audit, names, clock, by, closing });
}

/** A container may run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
