import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';

/** The whole program, as a person starts it, whether it gets ready or not. */
export interface Launch {
  readonly pid: number;
  /** Resolves when it says that it is ready; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves to the exit code when it has ended; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Its output so far. */
  output(): string;
  /** Its log so far. */
  errors(): string;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export interface Program extends Launch {
  /** The playground's address. */
  readonly url: string;
}

/**
 * Starts the program in a folder of its own, with nothing but these in its environment.
 * @param nodeFlags for Node, over those that the program sets itself
 */
export function launchProgram(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
): Launch {
  const child = spawn(process.execPath, [...nodeFlags, resolve('bin/start.cjs')], {
    cwd: folder,
    env: {
      PATH: dirname(process.execPath),
      NODE_COMPILE_CACHE: resolve('node_modules/.cache/node'),
      MODELS_FILE: resolve('models.json'),
      PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the program could not be started');
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const ready = new Promise<void>((found, failed) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('Ctrl-C stops it.')) found();
    });
    child.once('close', () => failed(new Error(`the program ended before it was ready: ${errors}`)));
  });
  // Those that are to fail are never asked for it.
  ready.catch(() => {});
  return {
    pid,
    ready,
    exited,
    output: () => output,
    errors: () => errors,
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Starts the program with its playground; resolves when it is ready. */
export async function startProgram(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const launch = launchProgram(folder, environment);
  await launch.ready;
  const url = /Playground +(http:\/\/\S+)/.exec(launch.output())?.[1];
  if (url === undefined) throw new Error(`the program has no playground: ${launch.output()}`);
  return { ...launch, url };
}
