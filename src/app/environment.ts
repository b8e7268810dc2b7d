import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { StartError } from '../core/ports/adapter.ts';

export interface Environment {
  readonly variables: NodeJS.Dict<string>;
  /** Names that `.env` sets. */
  readonly inFile: ReadonlySet<string>;
}

/**
 * What `.env` sets, where there is one; the environment itself wins. Node's own option for it remarks on its absence.
 *
 * @throws StartError where the file cannot be read, or is no text
 */
export async function readEnvironment(): Promise<Environment> {
  const file = await readDotEnv();
  return { variables: { ...file, ...process.env }, inFile: new Set(Object.keys(file)) };
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
