import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { WriteLimiters } from '../../core/delivery/write-limiter.ts';
import type { Slots } from '../../core/kit/scheduling/slots.ts';
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
  /** Read at each scrape, because the list is filled later. */
  readonly adapters: readonly Pick<Adapter, 'platform' | 'ready'>[];
  /** Whether the store accepted the last write. */
  readonly isStoreUp: () => boolean;
}

/** Also reports the process's own metrics. */
export function createMetrics(state: MetricsState): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry);
  addGauges(registry, state);

  return {
    answered({ guild, model, provider, payer, tier, status, delivered, ...facts }) {
      const { answers, undelivered, failures, cost, firstText, duration, endLag } = instruments;
      const platform = platformOf(guild);
      answers.inc({ platform, model, provider, payer, status });
      if (!delivered) undelivered.inc({ platform });
      if (facts.failure !== null) failures.inc({ provider, cause: facts.failure });
      cost.inc({ tier, payer }, facts.costNanoUsd / 1e9);
      if (facts.firstTextMs !== null) firstText.observe({ model }, facts.firstTextMs / 1_000);
      duration.observe({ model }, facts.durationMs / 1_000);
      endLag.observe({ platform }, facts.endLagMs / 1_000);
    },

    watch: (limiters) => watched(limiters, instruments),

    route: {
      path: '/metrics',
      async handle(_request, response) {
        const text = await registry.metrics();
        response.writeHead(200, { 'content-type': registry.contentType }).end(text);
      },
    },
  };
}

type Instruments = ReturnType<typeof createInstruments>;

function createInstruments(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers });
  const seconds = <L extends string>(name: string, help: string, label: L) =>
    new Histogram({ name, help, labelNames: [label], buckets: SECONDS, registers });
  return {
    answers: counter('parley_answers_total', 'Answers by outcome.', [
      'platform',
      'model',
      'provider',
      'payer',
      'status',
    ]),
    undelivered: counter(
      'parley_answers_undelivered_total',
      'Answers whose last state could not be shown, because the place was gone or the platform refused.',
      ['platform'],
    ),
    failures: counter('parley_provider_failures_total', 'Failed answers by cause.', ['provider', 'cause']),
    cost: counter('parley_cost_usd_total', 'US dollars spent, by tier of the guild and by payer.', [
      'tier',
      'payer',
    ]),
    writes: counter(
      'parley_writes_total',
      'Messages posted and updated, by outcome; rate_limited is a 429.',
      ['platform', 'outcome'],
    ),
    firstText: seconds(
      'parley_first_text_seconds',
      'From the request to the first text of an answer.',
      'model',
    ),
    duration: seconds('parley_answer_seconds', 'From the request to the end of an answer.', 'model'),
    endLag: seconds(
      'parley_end_lag_seconds',
      'From the end of the text until the platform showed the whole answer.',
      'platform',
    ),
    staleness: seconds(
      'parley_write_wait_seconds',
      'How long writes waited for the platform’s limit, and so how stale answers are shown.',
      'platform',
    ),
  };
}

/** Values that are read at each scrape. */
function addGauges(registry: Registry, { slots, adapters, isStoreUp }: MetricsState): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('parley_answers_streaming', 'Answers streaming right now.', () => slots.used);
  gauge('parley_answers_waiting', 'Questions waiting for a free slot.', () => slots.waiting);
  new Gauge({
    name: 'parley_platform_ready',
    help: 'Whether a platform is connected: 1 or 0.',
    labelNames: ['platform'],
    registers,
    collect() {
      for (const adapter of adapters) this.set({ platform: adapter.platform }, Number(adapter.ready()));
    },
  });
  gauge('parley_store_up', 'Whether the store accepts writes: 1 or 0.', () => Number(isStoreUp()));
}

/** The limiters, with every write counted and timed. */
function watched(limiters: WriteLimiters, { writes, staleness }: Instruments): WriteLimiters {
  return {
    ...limiters,
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
  };
}
