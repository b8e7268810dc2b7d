import { type Check, checkInWords } from '../../app/checks/check.ts';
import { checkEnvironment, readConfig } from '../../app/config/config.ts';
import { faultInWords } from '../../app/config/faults.ts';
import type { Config } from '../../app/config/variables.ts';
import { StartError } from '../../core/ports/adapter.ts';
import type { Ask } from './ask.ts';
import { writeVariables } from './env-file.ts';
import type { Guide, GuideOptions } from './guides.ts';

export type Answers = Readonly<
  Partial<Record<Guide['names'][number] | 'OPERATORS' | 'OPERATOR_CONTACT' | 'ADMIN_TOKEN', string>>
>;

export interface SetupOptions extends GuideOptions {
  /** Answers given beforehand, which are not asked again. */
  readonly answers: Answers;
  /** Null to ask nothing. */
  readonly ask: Ask | null;
  /** Whether `answers` may replace existing settings. */
  readonly replace: boolean;
  /** The present settings of the process and `.env`. */
  readonly variables: NodeJS.Dict<string>;
  readonly envPath: string;
  /** The text of a new `.env`. */
  readonly example: string;
}

export interface SetupReport {
  /** Names of the variables that were written. */
  readonly written: readonly string[];
  /** The results of checking the answers. */
  readonly checks: readonly Check[];
  readonly variables: NodeJS.Dict<string>;
}

/** The settings as the setup changes them. */
export interface SetupSettings {
  isSet(name: string): boolean;
  /** @throws ConfigError */
  config(): Config;
  /** Writes values to `.env` at once. */
  keep(values: Readonly<Record<string, string>>): Promise<void>;
  /** The problems with these values; other findings are shown to the person. */
  faultsOf(values: Readonly<Record<string, string>>, check?: Guide['check']): Promise<string[]>;
  /** Keeps values that were given beforehand. @throws StartError if they cannot be used, or would replace others unasked */
  accept(values: Readonly<Record<string, string>>, check?: Guide['check']): Promise<void>;
  report(): SetupReport;
}

export function createSettings(options: SetupOptions): SetupSettings {
  const { ask, envPath, example, replace } = options;
  let variables: NodeJS.Dict<string> = { ...options.variables };
  const written = new Set<string>();
  const checks: Check[] = [];
  const isSet = (name: string) => Boolean(variables[name]?.trim());

  async function keep(values: Readonly<Record<string, string>>): Promise<void> {
    await writeVariables(envPath, example, values);
    variables = { ...variables, ...values };
    for (const name of Object.keys(values)) written.add(name);
  }

  async function faultsOf(
    values: Readonly<Record<string, string>>,
    check?: Guide['check'],
  ): Promise<string[]> {
    const next = { ...variables, ...values };
    const { faults } = checkEnvironment(next);
    if (faults.length > 0 || check === undefined) return faults.map(faultInWords);
    const found = await check(readConfig(next), next);
    checks.push(...found);
    for (const each of found) {
      if (each.state === 'ok') ask?.say(each.finding);
      if (each.state === 'warn') ask?.warn(checkInWords(each));
    }
    return found.filter(({ state }) => state === 'fail').map(checkInWords);
  }

  async function accept(values: Readonly<Record<string, string>>, check?: Guide['check']): Promise<void> {
    const taken = Object.keys(values).filter((name) => isSet(name) && variables[name] !== values[name]);
    if (taken.length > 0 && !replace) {
      throw new StartError(`${taken.join(' and ')} is already set.`, 'Add --replace to overwrite it.');
    }
    const faults = await faultsOf(values, check);
    if (faults.length > 0)
      throw new StartError(faults.join('\n'), 'Everything that was set before this is saved in .env.');
    await keep(values);
  }

  return {
    isSet,
    config: () => readConfig(variables),
    keep,
    faultsOf,
    accept,
    report: () => ({ written: [...written], checks, variables }),
  };
}
