import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepAsking } from './asking.ts';
import { cpuMsOf, type LoopDelay } from './bot.ts';
import type { LoadOptions } from './options.ts';
import type { AskingWay } from './platform.ts';
import { type RedisWork, readRedis } from './redis.ts';
import type { Scene } from './scene.ts';
import { createTally, type Tally } from './tally.ts';

/** A load, and what it took. */
export interface Measured {
  readonly ways: readonly { readonly way: AskingWay; readonly streams: number; readonly tally: Tally }[];
  readonly answers: number;
  readonly tookMs: number;
  /** Requests to the platforms. */
  readonly calls: number;
  /** Rules of the platforms that were broken: 429s, and others. */
  readonly refusals: readonly string[];
  readonly otherViolations: readonly string[];
  /** CPU time of all bots, and of what surrounds them. */
  readonly botCpuMs: number;
  readonly loadCpuMs: number;
  /** Memory of the bot that holds most: at its peak, and after the rest. */
  readonly peakBytes: number;
  readonly restBytes: number;
  /** That of the first bot; null if it is a bare one. */
  readonly loopDelay: LoopDelay | null;
  /** Event-loop delay of the platforms, by which the machine shows whether it is fit for the load. */
  readonly ownDelayMs: number;
  /** For all answers together; null without Redis. */
  readonly redis: RedisWork | null;
}

/** How often our own event loop is looked at; what it shows counts that in. */
const OWN_SAMPLING_MS = 10;

/** Asks for as long as the options say. */
export async function measure(scene: Scene, options: LoadOptions): Promise<Measured> {
  const { bots, provider } = scene;
  const endsAtMs = Date.now() + options.seconds * 1_000;
  const ways = scene.ways.map((each) => ({ ...each, tally: createTally(provider, options) }));
  const botCpuMs = () => bots.reduce((sum, bot) => sum + bot.cpuMs(), 0);

  for (const bot of bots) await bot.loopDelay();
  const redisBefore = options.redis === null ? null : await readRedis(options.redis);
  const before = { calls: scene.calls(), botMs: botCpuMs(), providerMs: cpuMsOf(provider.pid) };
  const own = process.cpuUsage();
  const ownDelay = monitorEventLoopDelay({ resolution: OWN_SAMPLING_MS });
  ownDelay.enable();
  const startedAtMs = performance.now();
  await Promise.all(
    ways.map(({ way, streams, tally }) =>
      keepAsking(way, streams, tally, provider, options, (asked) => asked === 0 || Date.now() < endsAtMs),
    ),
  );
  const tookMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(own);
  const redisAfter = options.redis === null ? null : await readRedis(options.redis);
  const violations = scene.violations();
  const botMs = botCpuMs() - before.botMs;
  const loopDelay = (await bots[0]?.loopDelay()) ?? null;
  await sleep(options.restSeconds * 1_000);
  const held = bots.map((bot) => bot.residentBytes());
  const isRefusal = (text: string) => text.startsWith('429');
  return {
    ways,
    answers: ways.reduce((sum, { tally }) => sum + tally.answers, 0),
    tookMs,
    calls: scene.calls() - before.calls,
    refusals: violations.filter(isRefusal),
    otherViolations: violations.filter((text) => !isRefusal(text)),
    botCpuMs: botMs,
    loadCpuMs: cpuMsOf(provider.pid) - before.providerMs + (user + system) / 1_000,
    peakBytes: Math.max(...held.map(({ peak }) => peak)),
    restBytes: Math.max(...held.map(({ now }) => now)),
    loopDelay,
    ownDelayMs: ownDelay.percentile(99) / 1e6 - OWN_SAMPLING_MS,
    redis: redisBefore && redisAfter && spentBetween(redisBefore, redisAfter),
  };
}

function spentBetween(before: RedisWork, after: RedisWork): RedisWork {
  const { commands, bytes, cpuMs } = before;
  return { commands: after.commands - commands, bytes: after.bytes - bytes, cpuMs: after.cpuMs - cpuMs };
}
