import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Slots } from '../../core/chat/slots.ts';
import type { WriteLimiters } from '../../core/delivery/write-limiter.ts';
import { platformOf } from '../../core/ports/actor.ts';
import type { Adapter, Route } from '../../core/ports/adapter.ts';
import { RateLimited } from '../../core/ports/delivery-errors.ts';
import type { Telemetry } from '../../core/ports/telemetry.ts';

/** Prometheus metrics. Labels contain platforms, models, tiers and causes, never guilds, people or texts. */
export interface Metrics extends Pick<Telemetry, 'answered'> {
  /** Wraps the limiters so that every write is counted and timed. */
  watch(limiters: WriteLimiters): WriteLimiters;
  /** `/metrics` in Prometheus's text format. */
  readonly route: Route;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** State that is read at each scrape. */
export interface MetricsState {
  readonly slots: Slots;
  readonly adapters: () => readonly Pick<Adapter, 'platform' | 'ready'>[];
  /** Whether the store accepted the last write. */
  readonly isStoreUp: () => boolean;
}

export function createMetrics({ slots, adapters, isStoreUp }: MetricsState): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const answers = new Counter({
    name: 'parley_answers_total',
    help: 'Answers by outcome.',
    labelNames: ['platform', 'model', 'provider', 'payer', 'status'],
    registers,
  });
  const undelivered = new Counter({
    name: 'parley_answers_undelivered_total',
    help: 'Answers whose last state could not be shown, because the place was gone or the platform refused.',
    labelNames: ['platform'],
    registers,
  });
  const failures = new Counter({
    name: 'parley_provider_failures_total',
    help: 'Failed answers by cause.',
    labelNames: ['provider', 'cause'],
    registers,
  });
  const cost = new Counter({
    name: 'parley_cost_usd_total',
    help: 'US dollars spent, by tier of the guild and by payer.',
    labelNames: ['tier', 'payer'],
    registers,
  });
  const firstText = new Histogram({
    name: 'parley_first_text_seconds',
    help: 'From the request to the first text of an answer.',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const duration = new Histogram({
    name: 'parley_answer_seconds',
    help: 'From the request to the end of an answer.',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const endLag = new Histogram({
    name: 'parley_end_lag_seconds',
    help: 'From the end of the text until the platform showed the whole answer.',
    labelNames: ['platform'],
    buckets: SECONDS,
    registers,
  });
  const writes = new Counter({
    name: 'parley_writes_total',
    help: 'Messages posted and updated, by outcome; rate_limited is a 429.',
    labelNames: ['platform', 'outcome'],
    registers,
  });
  const staleness = new Histogram({
    name: 'parley_write_wait_seconds',
    help: 'How long writes waited for the platform’s limit, and so how stale answers are shown.',
    labelNames: ['platform'],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'parley_answers_streaming',
    help: 'Answers streaming right now.',
    registers,
    collect() {
      this.set(slots.used);
    },
  });
  new Gauge({
    name: 'parley_platform_ready',
    help: 'Whether a platform is connected: 1 or 0.',
    labelNames: ['platform'],
    registers,
    collect() {
      for (const adapter of adapters()) this.set({ platform: adapter.platform }, adapter.ready() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'parley_store_up',
    help: 'Whether the store accepts writes: 1 or 0.',
    registers,
    collect() {
      this.set(isStoreUp() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'parley_answers_waiting',
    help: 'Questions waiting for a free slot.',
    registers,
    collect() {
      this.set(slots.waiting);
    },
  });

  return {
    answered({ guild, model, provider, payer, tier, status, delivered, ...facts }) {
      const platform = platformOf(guild);
      answers.inc({ platform, model, provider, payer, status });
      if (!delivered) undelivered.inc({ platform });
      if (facts.failure !== null) failures.inc({ provider, cause: facts.failure });
      cost.inc({ tier, payer }, facts.costNanoUsd / 1e9);
      if (facts.firstTextMs !== null) firstText.observe({ model }, facts.firstTextMs / 1_000);
      duration.observe({ model }, facts.durationMs / 1_000);
      endLag.observe({ platform }, facts.endLagMs / 1_000);
    },

    watch: (limiters) => ({
      learn: (key, report) => limiters.learn(key, report),
      hurry: (scope) => limiters.hurry(scope),
      enterIfFree: (scope) => limiters.enterIfFree(scope),
      owe: (scope, signal) => limiters.owe(scope, signal),
      get size() {
        return limiters.size;
      },
      async run(scope, urgency, write, signal) {
        const platform = scope.key.slice(0, scope.key.indexOf(':'));
        const sinceMs = performance.now();
        const timed = () => {
          staleness.observe({ platform }, (performance.now() - sinceMs) / 1_000);
          return write();
        };
        try {
          const result = await limiters.run(scope, urgency, timed, signal);
          writes.inc({ platform, outcome: 'ok' });
          return result;
        } catch (error) {
          if (!signal.aborted) {
            writes.inc({ platform, outcome: error instanceof RateLimited ? 'rate_limited' : 'failed' });
          }
          throw error;
        }
      },
    }),

    route: {
      path: '/metrics',
      async handle(_request, response) {
        const text = await registry.metrics();
        response.writeHead(200, { 'content-type': registry.contentType }).end(text);
      },
    },
  };
}
