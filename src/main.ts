import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { type App, startApp } from './app.ts';
import { ConfigError, keyFrom, readConfig } from './config.ts';
import { StartError } from './core/adapter.ts';
import { CatalogueFileError } from './core/catalogue-file.ts';

/** A terminal's Ctrl-C reaches npm and this process, and npm passes it on: the same signal within that counts once. */
const SAME_SIGNAL_MS = 1_000;

async function main(): Promise<void> {
  const environment = { ...(await readDotEnv()), ...process.env };
  const config = readConfig(environment);
  // Logs go to standard error, so that standard output holds what a person reads.
  const log = pino({ level: config.LOG_LEVEL, base: null }, pino.destination({ fd: 2, sync: true }));
  const modelsFile = await readModelsFile(config.MODELS_FILE);
  const keyIn = (variable: string) => keyFrom(environment, variable);
  const app = await startApp({ config, modelsFile, keyIn, log });
  stopOnSignals(app);
  process.stdout.write(app.block);
  const fail = (error: unknown) => {
    log.fatal({ err: error }, 'a fault that nobody caught; stopping');
    process.exitCode = 1;
    void stopAndExit(app, 0);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}

function stopOnSignals(app: App): void {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let stopping = false;
  const onSignal = (): void => {
    const nowMs = performance.now();
    const isSame = nowMs - lastAtMs < SAME_SIGNAL_MS;
    lastAtMs = nowMs;
    if (isSame) return;
    if (stopping) process.exit(130);
    stopping = true;
    void stopAndExit(app, app.graceMs);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

async function stopAndExit(app: App, graceMs: number): Promise<void> {
  if (app.answersInFlight() > 0 && graceMs > 0) {
    process.stdout.write(
      `\nLetting answers finish for up to ${graceMs / 1_000} s; once more to leave at once.\n`,
    );
  }
  try {
    await app.stop(graceMs);
  } catch (error) {
    process.stderr.write(
      `The stop was not clean: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 1;
  }
  process.exit();
}

/** What `.env` sets, where there is one; the environment itself wins. Node's own option for it remarks on its absence. */
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

async function readModelsFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new StartError(
      `The models file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Set MODELS_FILE to the path of a file like the models.json that comes with Parley.',
      { cause: error },
    );
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof ConfigError || error instanceof CatalogueFileError) {
    process.stderr.write(`${error.message}\n`);
  } else if (error instanceof StartError) {
    process.stderr.write(`${error.message}\n${error.remedy}\n`);
  } else throw error;
  process.exit(1);
}
