import type { z } from 'zod';
import { ownerOfKeyIn } from '../../core/kit/secrets/api-keys.ts';
import type { FileLimits } from '../../core/ports/files.ts';

import { ConfigError, contradictions, type Fault } from './faults.ts';
import { type Config, type Name, VARIABLES, type Variable } from './variables.ts';

/**
 * Returns the valid settings and the faults. Does not read the file in `MODELS_FILE`.
 *
 * @param fromFile names of the variables whose value comes from `.env`; without it, faults do not say where a value comes
 * from
 */
export function checkEnvironment(
  environment: NodeJS.Dict<string>,
  fromFile?: ReadonlySet<string>,
): {
  readonly config: Partial<Config> & Pick<Config, 'MODELS_FILE'>;
  readonly faults: Fault[];
} {
  const faults: Fault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries<Variable<z.ZodType>>(VARIABLES)) {
    const source = [name, ...(variable.aliases ?? [])].find((key) => environment[key]?.trim()) ?? name;
    const given = environment[source]?.trim();
    const result = variable.schema.safeParse(given || undefined);
    if (result.success) {
      values[name] = result.data;
      continue;
    }
    const value = variable.isSecret || !given || !isShowable(given) ? '' : `="${given}"`;
    const origin = fromFile === undefined ? '' : fromFile.has(source) ? ' in .env' : ' in the environment';
    faults.push({
      name: source,
      finding: `${source}${value}${origin} is not ${variable.kind ?? 'valid'}`,
      remedy: `Use ${variable.expected}`,
    });
  }
  faults.push(...contradictions(values));
  return { config: Object.freeze(values as Config), faults };
}

/** Longer values do not make a message clearer. */
const MAX_SHOWN_CHARS = 40;

/** Whether the value is certainly no secret, neither under a wrong name nor inside a URL. */
function isShowable(value: string): boolean {
  return value.length <= MAX_SHOWN_CHARS && !/[@?"\p{Cc}]/u.test(value) && ownerOfKeyIn(value) === null;
}

/**
 * @param fromFile as for `checkEnvironment`
 * @throws ConfigError
 */
export function readConfig(environment: NodeJS.Dict<string>, fromFile?: ReadonlySet<string>): Config {
  const { config, faults } = checkEnvironment(environment, fromFile);
  if (faults.length > 0) throw new ConfigError(faults);
  return config as Config;
}

/** The key in a variable that `models.json` names; for one of `VARIABLES`, its aliases count too. */
export function keyFrom(environment: NodeJS.Dict<string>, variable: string): string | undefined {
  const known: Variable<z.ZodType> | undefined = VARIABLES[variable as Name];
  const names = [variable, ...(known?.aliases ?? [])];
  return names.map((name) => environment[name]?.trim()).find(Boolean);
}

/** The present key, then the previous one. */
export function encryptionKeysOf({
  ENCRYPTION_KEY: now,
  ENCRYPTION_KEY_OLD: before,
}: Config): readonly Buffer[] {
  return [now, before].filter((key) => key !== undefined);
}

const DAY_MS = 86_400_000;

export function retentionMsOf({ RETENTION_DAYS: days }: Config): number {
  return days * DAY_MS;
}

export function fileLimitsOf(config: Config): FileLimits {
  return {
    maxFiles: config.FILES_MAX,
    maxBytes: config.FILE_MAX_MB * 1_000_000,
    maxPages: config.FILE_MAX_PAGES,
    maxChars: config.FILES_MAX_CHARS,
    timeoutMs: config.FILE_TIMEOUT_SEC * 1_000,
    maxMemoryBytes: config.FILE_MEMORY_MB * 1_000_000,
  };
}
