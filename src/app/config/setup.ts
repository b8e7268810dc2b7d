import { readFile } from 'node:fs/promises';
import { createCatalogue } from '../../core/catalogue/catalogue.ts';
import { type CatalogueFile, CatalogueFileError, parseCatalogueFile } from '../../core/catalogue/file.ts';
import { MAX_INSTRUCTIONS_CHARS } from '../../core/conversations/instructions.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import { isOfLocalServer } from '../../core/provider/local.ts';
import { checkEnvironment } from './config.ts';
import type { Environment } from './environment.ts';
import { ConfigError, type Fault } from './faults.ts';
import type { Config } from './variables.ts';

/** The operator's settings: the environment and the models file. */
export interface Setup {
  readonly config: Config;
  readonly file: CatalogueFile;
  /** Instructions from the operator before each question; null for none. */
  readonly instructions: string | null;
}

/** All faults of environment and models file at once, each with its remedy. */
export class SetupError extends Error {
  override readonly name = 'SetupError';

  constructor(errors: readonly Error[]) {
    super(errors.map(({ message }) => message).join('\n'));
  }
}

/** @throws SetupError */
export async function readSetup(environment: SetupEnvironment): Promise<Setup> {
  const { config, file, instructions, faults, fileError } = await inspectSetup(environment);
  const errors = [...(faults.length > 0 ? [new ConfigError(faults)] : []), ...(fileError ? [fileError] : [])];
  if (file === null || errors.length > 0) throw new SetupError(errors);
  return { config: config as Config, file, instructions };
}

type SetupEnvironment = Pick<Environment, 'variables' | 'fromFile'>;

/** The setup as far as it is valid, and all faults. */
export async function inspectSetup({ variables, fromFile }: SetupEnvironment) {
  const { config, faults } = checkEnvironment(variables, fromFile);
  const { MODELS_FILE, DEFAULT_MODEL, INSTRUCTIONS_FILE } = config;
  let file: CatalogueFile | null = null;
  let fileError: CatalogueFileError | null = null;
  try {
    file = parseCatalogueFile(await readFile(MODELS_FILE, 'utf8'), MODELS_FILE);
    if (DEFAULT_MODEL !== undefined) faults.push(...defaultModelFaults(DEFAULT_MODEL, MODELS_FILE, file));
  } catch (error) {
    if (error instanceof CatalogueFileError) fileError = error;
    else {
      const remedy = 'Set it to the path of a file like the models.json that comes with Parley';
      faults.push(unreadable('MODELS_FILE', MODELS_FILE, error, remedy));
    }
  }
  const instructions =
    INSTRUCTIONS_FILE === undefined ? null : await readInstructions(INSTRUCTIONS_FILE, faults);
  return { config, file, instructions, faults, fileError };
}

/** The text of `INSTRUCTIONS_FILE`; null if it is empty. Adds what is wrong with it to `faults`. */
async function readInstructions(path: string, faults: Fault[]): Promise<string | null> {
  const name = 'INSTRUCTIONS_FILE';
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (text.length > MAX_INSTRUCTIONS_CHARS) {
      const [length, most] = [text.length, MAX_INSTRUCTIONS_CHARS].map((count) =>
        count.toLocaleString('en-US'),
      );
      const remedy = `Shorten it to at most ${most}`;
      faults.push({ name, finding: `${name}: ${path} has ${length} characters`, remedy });
    }
    return text || null;
  } catch (error) {
    faults.push(unreadable(name, path, error, 'Set it to the path of a text file, or leave it out'));
    return null;
  }
}

function unreadable(name: string, path: string, error: unknown, remedy: string): Fault {
  const { code } = error as NodeJS.ErrnoException;
  return { name, finding: `${name}: ${path} cannot be read (${code})`, remedy };
}

/** Models of servers on this machine are only known at the start. */
function defaultModelFaults(id: string, path: string, file: CatalogueFile): Fault[] {
  const catalogue = createCatalogue(file);
  if (catalogue.get(id, LOCAL_PLATFORM) !== null || isOfLocalServer(id)) return [];
  const { model, near } = catalogue.resolve(id, LOCAL_PLATFORM);
  const meant = model ?? near[0] ?? catalogue.list(LOCAL_PLATFORM)[0];
  return [
    {
      name: 'DEFAULT_MODEL',
      finding: `DEFAULT_MODEL is not the id of a model in ${path}`,
      remedy: `Use an id from that file${meant === undefined ? '' : `, such as ${meant.id}`}, or remove DEFAULT_MODEL to use the first free model`,
    },
  ];
}
