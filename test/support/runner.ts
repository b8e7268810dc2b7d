import { registerHooks, setSourceMapsSupport } from 'node:module';
import { pathToFileURL } from 'node:url';
import { TestRunner } from 'vitest';

let isLight = false;

/**
 * Imports a test file by its plain address: vitest adds the time, so that each run would leave new entries in the compile cache.
 */
export default class Runner extends TestRunner {
  constructor(config: ConstructorParameters<typeof TestRunner>[0]) {
    super(config);
    if (!isLight && !config.watch) lighten();
    isLight = true;
  }

  override importFile(path: string): Promise<unknown> {
    return import(pathToFileURL(path).href);
  }
}

/** Keeps vitest from what takes half a second of CPU in each worker, and is needed only by those who watch files or have source maps. */
function lighten(): void {
  // Node blanks types out where they stand.
  setSourceMapsSupport(false);
  // Vitest's hook reports each import to its main process.
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      if (parentURL === undefined || !/^\.{1,2}\/.*\.ts$/.test(specifier)) return next(specifier, context);
      return { url: new URL(specifier, parentURL).href, shortCircuit: true };
    },
  });
}
