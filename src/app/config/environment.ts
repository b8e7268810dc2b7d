import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { StartError } from '../../core/ports/adapter.ts';

export interface Environment {
  readonly variables: NodeJS.Dict<string>;
  /** Names set by `.env`. */
  readonly inFile: ReadonlySet<string>;
  /** Those that only `.env` sets, so that its value counts; left out if unknown. */
  readonly fromFile?: ReadonlySet<string>;
}

/**
 * Reads `.env`, if it exists; the environment itself takes precedence. Node's own option warns if the file is missing.
 *
 * @throws StartError if the file cannot be read, or is not text
 */
export async function readEnvironment(): Promise<Environment> {
  const file = await readDotEnv();
  const variables = asMeant({ ...file, ...process.env });
  const inFile = new Set(Object.keys(asMeant(file)));
  return { variables, inFile, fromFile: inFile.difference(new Set(Object.keys(asMeant(process.env)))) };
}

/** Most programs also read these in lower case. */
const IN_EITHER_CASE = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Removes quotes that Docker's `--env-file` and systemd leave around values, and unifies the names of proxies. */
function asMeant(given: NodeJS.Dict<string>): NodeJS.Dict<string> {
  const variables = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value?.replace(/^(["'])(.*)\1$/s, '$2')]),
  );
  for (const name of IN_EITHER_CASE) {
    const { [name.toLowerCase()]: lower } = variables;
    if (lower === undefined) continue;
    delete variables[name.toLowerCase()];
    variables[name] ||= lower;
  }
  return variables;
}

async function readDotEnv(): Promise<NodeJS.Dict<string>> {
  const text = await readText();
  if (text.includes('\0')) {
    throw new StartError(
      'The file .env is not UTF-8 text.',
      'Save it as UTF-8; some editors call UTF-16 "Unicode".',
    );
  }
  // A byte order mark would become part of the first variable's name.
  return parseEnv(text.replace(/^\u{FEFF}/u, ''));
}

async function readText(): Promise<string> {
  try {
    return await readFile('.env', 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new StartError(
      'The file .env cannot be read.',
      'Make it a file that the user who starts Parley can read.',
      { cause: error },
    );
  }
}
