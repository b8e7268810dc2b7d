import { type Check, checkInWords } from '../../app/checks/check.ts';
import { checkEnvironment, readConfig } from '../../app/config/config.ts';
import { faultInWords } from '../../app/config/faults.ts';
import { StartError } from '../../core/ports/adapter.ts';
import type { Ask } from './ask.ts';
import { writeVariables } from './env-file.ts';
import type { Guide, GuideOptions } from './guides.ts';

export type Answers = Readonly<
  Partial<Record<Guide['names'][number] | 'OPERATORS' | 'OPERATOR_CONTACT' | 'ADMIN_TOKEN', string>>
>;

type Values = Readonly<Record<string, string>>;

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

/** The settings as the setup changes them. */
export function createSettings(options: SetupOptions) {
  const { ask, envPath, example, replace } = options;
  let variables: NodeJS.Dict<string> = { ...options.variables };
  const written = new Set<string>();
  const checks: Check[] = [];
  const isSet = (name: string) => Boolean(variables[name]?.trim());

  /** Writes values to `.env` at once. */
  async function keep(values: Values): Promise<void> {
    await writeVariables(envPath, example, values);
    variables = { ...variables, ...values };
    for (const name of Object.keys(values)) written.add(name);
  }

  /** The problems with these values; other findings are shown to the person. */
  async function faultsOf(values: Values, check?: Guide['check']): Promise<string[]> {
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

  /** Asks until the values are valid, and keeps them; null ends it. */
  async function keepValid(read: () => Promise<Values | null>, check?: Guide['check']): Promise<void> {
    for (let values = await read(); values !== null; values = await read()) {
      const faults = await faultsOf(values, check);
      if (faults.length === 0) return keep(values);
      for (const fault of faults) ask?.warn(fault);
    }
  }

  /** Keeps values that were given beforehand. @throws StartError if they cannot be used, or would replace others unasked */
  async function accept(values: Values, check?: Guide['check']): Promise<void> {
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
    /** @throws ConfigError */
    config: () => readConfig(variables),
    keep,
    keepValid,
    accept,
    /** Names of the variables that were written, and the results of checking the answers. */
    report: () => ({ written: [...written], checks: checks as readonly Check[] }),
  };
}
