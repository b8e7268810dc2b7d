import { keyFrom } from './app/config/config.ts';
import { readEnvironment } from './app/config/environment.ts';
import { readSetup, SetupError } from './app/config/setup.ts';
import { unreadVariables } from './app/config/unread-variables.ts';
import { returnMemoryAtRest } from './app/return-memory.ts';
import { type App, startApp } from './app/start.ts';
import { createLog } from './app/telemetry/log.ts';
import { messageOf } from './core/kit/text/text.ts';
import { StartError } from './core/ports/adapter.ts';

/**
 * Ctrl-C in a terminal reaches both npm and this process, and npm passes it on; the same signal within this time counts once.
 */
const SAME_SIGNAL_MS = 1_000;
/** Time for answers to end after their grace, and for connections to close. A longer stop hangs. */
const STOP_LIMIT_MS = 30_000;
const WITH_PARENT = '--stop-with-parent=';
/** The interval between checks of the parent process. */
const PARENT_CHECK_MS = 500;

async function main(): Promise<void> {
  const environment = await readEnvironment();
  const { config, file, instructions } = await readSetup(environment);
  // Logs go to standard error, so that standard output contains only text for people.
  const log = createLog(config.LOG_LEVEL, process.stderr);
  const keyIn = (variable: string) => keyFrom(environment.variables, variable);
  const keyVariables = file.providers.flatMap(({ apiKeyVariable }) => apiKeyVariable ?? []);
  const remarks = unreadVariables(environment, keyVariables);
  const readModels = async () => (await readSetup(environment)).file;
  const app = await startApp({ config, file, instructions, readModels, keyIn, remarks, log });
  const stop = createStop(app);
  stopOnSignals(stop, app.graceMs);
  // A closed terminal sends it too.
  process.on('SIGHUP', () => (process.stdout.isTTY ? stop(app.graceMs) : void app.reloadModels()));
  process.stdout.write(app.block);
  returnMemoryAtRest(app.answersInFlight);
  const fail = (error: unknown) => {
    log.fatal({ err: error }, 'uncaught error; stopping');
    process.exitCode = 1;
    stop(0);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}

/** Stops and ends the process; further calls do nothing. */
function createStop(app: App): (graceMs: number) => void {
  let isStopping = false;

  async function stop(graceMs: number): Promise<void> {
    const answers = app.answersInFlight();
    if (answers > 0 && graceMs > 0) {
      const inProgress = answers === 1 ? '1 answer is' : `${answers} answers are`;
      process.stdout.write(
        `\n${inProgress} still being written; waiting up to ${graceMs / 1_000} s. Press Ctrl-C again to stop now.\n`,
      );
    }
    // Answers that are not shown by then are in the journal, for the next start.
    setTimeout(() => process.exit(1), graceMs + STOP_LIMIT_MS).unref();
    try {
      await app.stop(graceMs);
    } catch (error) {
      process.stderr.write(`Not everything could be shut down cleanly: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
    process.exit();
  }

  return (graceMs) => {
    if (isStopping) return;
    isStopping = true;
    void stop(graceMs);
  };
}

/** The first signal stops in order; another one stops at once, and the journal keeps the answers. */
function stopOnSignals(stop: (graceMs: number) => void, graceMs: number): void {
  let first: { readonly signal: string; readonly atMs: number } | null = null;
  const onSignal = (signal: string): void => {
    const nowMs = performance.now();
    if (first === null) {
      first = { signal, atMs: nowMs };
      stop(graceMs);
    } else if (first.signal !== signal || nowMs - first.atMs >= SAME_SIGNAL_MS) process.exit(130);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const parent = process.argv.find((arg) => arg.startsWith(WITH_PARENT));
  if (parent !== undefined) stopWithParent(Number(parent.slice(WITH_PARENT.length)), stop, graceMs);
}

/** An orphan has another parent than at its start. */
function stopWithParent(parent: number, stop: (graceMs: number) => void, graceMs: number): void {
  setInterval(() => process.ppid !== parent && stop(graceMs), PARENT_CHECK_MS).unref();
}

try {
  await main();
} catch (error) {
  if (error instanceof SetupError) {
    process.stderr.write(`${error.message}\n`);
  } else if (error instanceof StartError) {
    process.stderr.write(`${error.message}\n${error.remedy}\n`);
  } else throw error;
  process.exit(1);
}
