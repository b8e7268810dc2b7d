import { readFile } from 'node:fs/promises';
import { createCatalogue } from '../core/catalogue/catalogue.ts';
import { type CatalogueFile, CatalogueFileError, parseCatalogueFile } from '../core/catalogue/file.ts';
import { LOCAL_PLATFORM } from '../core/ports/platforms.ts';
import { isOfLocalServer } from '../core/provider/local.ts';
import { type Config, ConfigError, checkEnvironment } from './config.ts';

/** What the operator set: the environment, and the models file that it names. */
export interface Setup {
  readonly config: Config;
  readonly file: CatalogueFile;
}

/** Every fault of the environment and of the models file at once, each with its remedy. */
export class SetupError extends Error {
  override readonly name = 'SetupError';

  constructor(errors: readonly Error[]) {
    super(errors.map(({ message }) => message).join('\n'));
  }
}

/** @throws SetupError */
export async function readSetup(environment: NodeJS.Dict<string>): Promise<Setup> {
  const { config, faults } = checkEnvironment(environment);
  const { MODELS_FILE, DEFAULT_MODEL } = config;
  const errors: Error[] = [];
  let file: CatalogueFile | null = null;
  try {
    file = parseCatalogueFile(await readFile(MODELS_FILE, 'utf8'), MODELS_FILE);
    if (DEFAULT_MODEL !== undefined) faults.push(...defaultModelFaults(DEFAULT_MODEL, MODELS_FILE, file));
  } catch (error) {
    if (error instanceof CatalogueFileError) errors.push(error);
    else {
      const { code } = error as NodeJS.ErrnoException;
      faults.push(
        `MODELS_FILE: ${MODELS_FILE} cannot be read (${code}); set it to the path of a file like the models.json that comes with Parley`,
      );
    }
  }
  if (faults.length > 0) errors.unshift(new ConfigError(faults));
  if (file === null || errors.length > 0) throw new SetupError(errors);
  return { config: config as Config, file };
}

/** What a server on this machine offers shows only at the start. */
function defaultModelFaults(id: string, path: string, file: CatalogueFile): string[] {
  const catalogue = createCatalogue(file);
  if (catalogue.get(id, LOCAL_PLATFORM) !== null || isOfLocalServer(id)) return [];
  const { model, near } = catalogue.resolve(id, LOCAL_PLATFORM);
  const meant = model ?? near[0] ?? catalogue.list(LOCAL_PLATFORM)[0];
  return [
    `DEFAULT_MODEL is not the id of a model in ${path}; set it to an id from there${meant === undefined ? '' : `, such as ${meant.id}`}, or leave it out for the first free model`,
  ];
}
