import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { launchProgram } from '../../test/support/program.ts';

/** A bot as a process, from the outside. */
export interface LoadBot {
  /** CPU time that the process has used so far, all its threads together. */
  cpuMs(): number;
  /** Memory that it holds now, and the most that it ever held: RSS, Node and its libraries included. */
  residentBytes(): { readonly now: number; readonly peak: number };
  /** How its event loop fared since this was asked last; null if it is a bare bot. */
  loopDelay(): Promise<LoopDelay | null>;
  /** Its memory in bytes after a full collection. @throws for a bare bot */
  holdings(): Promise<Holdings>;
  /** Its log so far. */
  errors(): string;
  stop(): Promise<void>;
}

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Holdings {
  /** In use on the heap of the main thread, and outside it. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Files and sockets that are open. */
  readonly handles: number;
}

/** prom-client looks every 10 ms and counts those in: an idle process shows 10. */
const SAMPLING_MS = 10;
/** Linux counts CPU time in hundredths of a second, whatever its own tick is. */
const TICK_MS = 10;
/** Idle connections are closed by then; Node's HTTP server keeps them for 5 s. */
const REST_MS = 8_000;

/** For Node: a hand to call the collector by, from outside, in a program that knows of none. `holdings` needs it. */
export const COLLECTS_ON_SIGNAL = [
  '--expose-gc',
  `--import=data:text/javascript,${encodeURIComponent(
    "process.on('SIGUSR2', () => { for (let times = 0; times < 3; times++) gc(); });",
  )}`,
];

/** Parley itself. */
export async function startBot(
  folder: string,
  environment: Readonly<Record<string, string>>,
  nodeFlags: readonly string[],
): Promise<LoadBot> {
  // As under npm: the bot ends with this process, however that ends.
  const launch = launchProgram(folder, { npm_lifecycle_event: 'start', ...environment }, nodeFlags);
  await launch.ready;
  const { pid } = launch;
  const address = /Health +(http:\/\/[^/]+)/.exec(launch.output())?.[1];

  /** Reads all metrics; those of the event loop begin anew with that. */
  async function metrics(): Promise<(name: string) => number> {
    const text = await (await fetch(`${address}/metrics`)).text();
    return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  return {
    ...readProcess(pid),
    errors: launch.errors,
    async loopDelay() {
      const metric = await metrics();
      const ms = (which: string) =>
        Math.max(0, metric(`nodejs_eventloop_lag_${which}_seconds`) * 1_000 - SAMPLING_MS);
      return { p50Ms: ms('p50'), p99Ms: ms('p99'), maxMs: ms('max') };
    },
    async holdings() {
      await sleep(REST_MS);
      launch.signal('SIGUSR2');
      await sleep(1_000);
      const metric = await metrics();
      return {
        heapBytes: metric('nodejs_heap_size_used_bytes'),
        externalBytes: metric('nodejs_external_memory_bytes'),
        handles: readdirSync(`/proc/${pid}/fd`).length,
      };
    },
    async stop() {
      launch.signal('SIGTERM');
      await launch.exited;
    },
  };
}

/** A bot on the platform's own library; `bare/` has both. */
export async function startBareBot(
  platform: 'discord' | 'slack',
  environment: Readonly<Record<string, string>>,
  nodeFlags: readonly string[],
): Promise<LoadBot> {
  const program = fileURLToPath(new URL(`bare/${platform}.ts`, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, program], {
    env: { PATH: dirname(process.execPath), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close');
  // It says one word, when it is ready.
  const isReady = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!isReady || child.pid === undefined)
    throw new Error(`the bare bot ended before it was ready: ${errors}`);
  return {
    ...readProcess(child.pid),
    errors: () => errors,
    loopDelay: async () => null,
    holdings: () => Promise.reject(new Error('a bare bot tells nothing of itself')),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

function readProcess(pid: number): Pick<LoadBot, 'cpuMs' | 'residentBytes'> {
  return {
    cpuMs: () => cpuMsOf(pid),
    residentBytes() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const bytes = (field: string) =>
        Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024;
      return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
    },
  };
}

/** CPU time that a process has used so far, all its threads together. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before these may hold anything, and ends with the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
