import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { StartError } from '../../core/ports/adapter.ts';

export interface Environment {
  readonly variables: NodeJS.Dict<string>;
  /** Names that `.env` sets. */
  readonly inFile: ReadonlySet<string>;
  /** Those of them that nothing else sets, so that the value is the one in `.env`; left out if that is not known. */
  readonly fromFile?: ReadonlySet<string>;
}

/**
 * What `.env` sets, where there is one; the environment itself wins. Node's own option for it remarks on its absence.
 *
 * @throws StartError where the file cannot be read, or is no text
 */
export async function readEnvironment(): Promise<Environment> {
  const file = await readDotEnv();
  const variables = asMeant({ ...file, ...process.env });
  const inFile = new Set(Object.keys(asMeant(file)));
  return { variables, inFile, fromFile: inFile.difference(new Set(Object.keys(asMeant(process.env)))) };
}

/** Most programs read these in lower case as well. */
const IN_EITHER_CASE = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Without the quotes that Docker's `--env-file` and systemd leave around a value, and with proxies by one name. */
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
  // What some editors put before the first line would become part of its variable's name.
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
