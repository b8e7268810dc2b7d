import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { StartError } from './core/adapter.ts';

/**
 * What `.env` sets, where there is one; the environment itself wins. Node's own option for it remarks on its absence.
 *
 * @throws StartError where the file cannot be read
 */
export async function readEnvironment(): Promise<NodeJS.Dict<string>> {
  return { ...(await readDotEnv()), ...process.env };
}

async function readDotEnv(): Promise<NodeJS.Dict<string>> {
  try {
    return parseEnv(await readFile('.env', 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new StartError(
      'The file .env cannot be read.',
      'Make it readable for the user that starts Parley.',
      { cause: error },
    );
  }
}
