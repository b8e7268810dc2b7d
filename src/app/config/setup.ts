import { readFile } from 'node:fs/promises';
import { createCatalogue } from '../../core/catalogue/catalogue.ts';
import { type CatalogueFile, CatalogueFileError, parseCatalogueFile } from '../../core/catalogue/file.ts';
import { MAX_INSTRUCTIONS_CHARS } from '../../core/conversations/instructions.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import { isOfLocalServer } from '../../core/provider/local.ts';
import { checkEnvironment } from './config.ts';
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

/** @param fromFile as for `checkEnvironment` @throws SetupError */
export async function readSetup(
  environment: NodeJS.Dict<string>,
  fromFile?: ReadonlySet<string>,
): Promise<Setup> {
  const { config, faults } = checkEnvironment(environment, fromFile);
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
      faults.push({
        name: 'MODELS_FILE',
        finding: `MODELS_FILE: ${MODELS_FILE} cannot be read (${code})`,
        remedy: 'Set it to the path of a file like the models.json that comes with Parley',
      });
    }
  }
  const instructions = await readInstructions(config.INSTRUCTIONS_FILE);
  if (!instructions.ok) faults.push(instructions.fault);
  if (faults.length > 0) errors.unshift(new ConfigError(faults));
  if (file === null || errors.length > 0) throw new SetupError(errors);
  return { config: config as Config, file, instructions: instructions.ok ? instructions.text : null };
}

/** The text of `INSTRUCTIONS_FILE`, or its fault; null if there is no file or it is empty. */
export async function readInstructions(
  path: string | undefined,
): Promise<
  { readonly ok: true; readonly text: string | null } | { readonly ok: false; readonly fault: Fault }
> {
  if (path === undefined) return { ok: true, text: null };
  const fault = (what: string, remedy: string) => {
    const name = 'INSTRUCTIONS_FILE';
    return { ok: false, fault: { name, finding: `${name}: ${path} ${what}`, remedy } } as const;
  };
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fault(`cannot be read (${code})`, 'Set it to the path of a text file, or leave it out');
  }
  if (text.length <= MAX_INSTRUCTIONS_CHARS) return { ok: true, text: text || null };
  const [length, most] = [text.length, MAX_INSTRUCTIONS_CHARS].map((count) => count.toLocaleString('en-US'));
  return fault(`has ${length} characters`, `Shorten it to at most ${most}`);
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
