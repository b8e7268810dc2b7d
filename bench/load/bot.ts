import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Launch, launchProgram } from '../../test/support/program.ts';

/** The program itself, from the outside. */
export interface LoadBot extends Launch {
  /** CPU time that the process has used so far, all its threads together. */
  cpuMs(): number;
  /** The most memory that it ever held: RSS, Node and its libraries included. */
  peakBytes(): number;
  /** How its event loop fared since this was asked last. */
  loopDelay(): Promise<LoopDelay>;
  /** What it holds when all that could be collected is. */
  holdings(): Promise<Holdings>;
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
/** What is idle by then is closed; Node's HTTP server keeps connections for 5 s. */
const REST_MS = 8_000;

/** A hand to call the collector by, from outside, in a program that knows of none. */
const COLLECT_ON_SIGNAL = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => { for (let times = 0; times < 3; times++) gc(); });",
)}`;

export async function startBot(
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<LoadBot> {
  const launch = launchProgram(folder, {
    NODE_OPTIONS: `--expose-gc --import ${COLLECT_ON_SIGNAL}`,
    ...environment,
  });
  await launch.ready;
  const { pid } = launch;
  const address = /Health +(http:\/\/[^/]+)/.exec(launch.output())?.[1];

  /** Reads all metrics; those of the event loop begin anew with that. */
  async function metrics(): Promise<(name: string) => number> {
    const text = await (await fetch(`${address}/metrics`)).text();
    return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  return {
    ...launch,
    cpuMs: () => cpuMsOf(pid),
    peakBytes() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
    },
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
  };
}

/** CPU time that a process has used so far, all its threads together. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before these may hold anything, and ends with the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
