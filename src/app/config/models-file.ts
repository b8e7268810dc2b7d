import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import type { CatalogueFile } from '../../core/catalogue/file.ts';
import { createTasks } from '../../core/kit/scheduling/tasks.ts';
import { messageOf } from '../../core/kit/text/text.ts';

/** The interval between checks of the file's time and size, which also work on network file systems and mounts. */
const LOOK_EVERY_MS = 2_000;

export interface ModelsFileOptions {
  readonly path: string;
  /** @throws SetupError with every fault */
  readonly read: () => Promise<CatalogueFile>;
  /** Applies the file from now on. */
  readonly apply: (file: CatalogueFile) => void;
  readonly log: Logger;
  /** The interval between checks; 2 s by default. */
  readonly lookEveryMs?: number;
}

export type ModelsFile = ReturnType<typeof watchModelsFile>;

/** Applies the models file again after each change. A faulty edit changes nothing, and the log says why. */
export function watchModelsFile(options: ModelsFileOptions) {
  const { path, read, apply, log, lookEveryMs = LOOK_EVERY_MS } = options;
  const tasks = createTasks(log);

  /** Reads the file again, changed or not. A faulty file changes nothing. Never rejects. */
  async function reload(): Promise<void> {
    try {
      const file = await read();
      apply(file);
      log.info({ file: path, models: file.models.length }, 'applied the changed models file');
    } catch (error) {
      log.warn(
        { file: path, faults: faultsIn(error) },
        'the changed models file has a fault; the previous version stays in use',
      );
    }
  }

  // Taken before anybody can save: `fs.watchFile` starts later and would miss changes until then.
  let seen = stateOf(path);
  const looking = setInterval(() => {
    const state = stateOf(path);
    if (state === seen) return;
    seen = state;
    tasks.run('read the models file', reload);
  }, lookEveryMs);
  looking.unref();
  return {
    reload,
    async stop(): Promise<void> {
      clearInterval(looking);
      await tasks.stop();
    },
  };
}

/** The faults alone, on one line: the rest of the message is for a start. */
function faultsIn(error: unknown): string {
  const words = messageOf(error);
  const faults = Array.from(words.matchAll(/^ {2}- (.*)$/gm), ([, fault = '']) => fault);
  return faults.length === 0 ? words : faults.join('; ');
}

function stateOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'not there';
  }
}
