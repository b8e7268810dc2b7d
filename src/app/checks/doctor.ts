import { readFile } from 'node:fs/promises';
import { parseCatalogueFile } from '../../core/catalogue/file.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import type { CommandDeclaration } from '../../core/ports/command.ts';
import type { Fetch } from '../../core/ports/fetch.ts';
import { checkEnvironment, keyFrom, readConfig } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { inspectSetup } from '../config/setup.ts';
import { unreadVariables } from '../config/unread-variables.ts';
import type { Config } from '../config/variables.ts';
import type { Means } from '../means.ts';
import { type Check, createFindings } from './check.ts';
import { checkMachine } from './machine.ts';
import { checkProviders, type ProviderCheckOptions } from './providers.ts';
import { checkStore } from './store.ts';

export interface DoctorOptions extends Means {
  readonly environment: Environment;
  readonly commands: readonly CommandDeclaration[];
}

/** Checks everything that Parley needs, and changes nothing. A fault in one place does not hide others. */
export async function examine(options: DoctorOptions): Promise<readonly Check[]> {
  const { environment, commands, clock, log } = options;
  const { variables } = environment;
  const keyIn = (variable: string) => keyFrom(variables, variable);
  const setup = createFindings('Setup');
  const { config: read, file, faults, fileError } = await inspectSetup(environment);
  for (const { finding, remedy } of faults) setup.fail(finding, remedy);
  for (const fault of fileError?.faults ?? []) {
    setup.fail(`${read.MODELS_FILE}: ${fault}`, 'Correct it; docs/models.md describes the format');
  }
  const faulty = new Set(faults.map(({ name }) => name));
  const config = configWithout(faulty, variables);
  const keyVariables = file?.providers.flatMap(({ apiKeyVariable }) => apiKeyVariable ?? []) ?? [];
  for (const remark of unreadVariables(environment, keyVariables)) {
    setup.warn(remark, 'Correct the name, or remove it');
  }
  if (setup.checks.length === 0) setup.ok('Environment and models file are valid');

  const { fetch, skewMs } = withClock(options.fetch, clock);
  const [store, providers, discord, slack] = await Promise.all([
    checkStore({ config, clock, log }),
    file === null ? [] : checkProviders({ config, file, keyIn, fetch, clock, log }),
    // Large modules, loaded only here.
    faulty.has('DISCORD_TOKEN')
      ? []
      : import('./discord.ts').then(({ checkDiscord }) => checkDiscord({ config, commands, fetch, clock })),
    faulty.has('SLACK_BOT_TOKEN') || faulty.has('SLACK_APP_TOKEN')
      ? []
      : import('./slack.ts').then(({ checkSlack }) => checkSlack({ config, fetch })),
  ]);
  const machine = await checkMachine({
    config,
    environment: variables,
    clockSkewMs: skewMs(),
    fetch: options.fetch,
  });
  return [...setup.checks, ...machine, ...store, ...providers, ...discord, ...slack];
}

/** The settings without the faulty ones; the defaults if even the others contradict each other. */
function configWithout(faulty: ReadonlySet<string>, variables: NodeJS.Dict<string>): Config {
  const left = Object.fromEntries(Object.entries(variables).filter(([name]) => !faulty.has(name)));
  const { config, faults } = checkEnvironment(left);
  return faults.length === 0 ? (config as Config) : readConfig({});
}

/**
 * Checks only the providers.
 * @throws CatalogueFileError
 */
export async function checkKeys({
  variables,
  ...rest
}: Omit<ProviderCheckOptions, 'file' | 'keyIn'> & {
  readonly variables: NodeJS.Dict<string>;
}): Promise<readonly Check[]> {
  const { MODELS_FILE: path } = rest.config;
  const file = parseCatalogueFile(await readFile(path, 'utf8'), path);
  return checkProviders({ ...rest, file, keyIn: (variable) => keyFrom(variables, variable) });
}

/** A `fetch` that compares this machine's clock with the clocks of the servers that answer. */
function withClock(fetch: DoctorOptions['fetch'], clock: Clock) {
  const skews: number[] = [];
  return {
    fetch: (async (...args: Parameters<Fetch>) => {
      const response = await fetch(...args);
      const date = Date.parse(response.headers.get('date') ?? '');
      if (!Number.isNaN(date)) skews.push(clock.now() - date);
      return response;
    }) satisfies Fetch,
    /** The median. */
    skewMs: () => skews.toSorted((a, b) => a - b)[Math.floor(skews.length / 2)] ?? null,
  };
}
