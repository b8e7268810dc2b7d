import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** The whole program, as a person starts it. */
export interface Program {
  /** The playground's address. */
  readonly url: string;
  signal(signal: NodeJS.Signals): void;
  /** Resolves to the exit code when it has ended; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** What it logged so far. */
  errors(): string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Starts the program in a folder of its own, with nothing but these in its environment; resolves when it is ready. */
export async function startProgram(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const child = spawn(process.execPath, [resolve('src/main.ts')], {
    cwd: folder,
    env: { MODELS_FILE: resolve('models.json'), PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const url = await new Promise<string>((found, failed) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const address = /Playground +(http:\/\/\S+)/.exec(output)?.[1];
      if (address !== undefined) found(address);
    });
    child.once('close', () => failed(new Error(`the program ended before it was ready: ${errors}`)));
  });
  return {
    url,
    signal: (signal) => void child.kill(signal),
    exited,
    errors: () => errors,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
