import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../core/kit/clock.ts';
import type { Slots } from '../../core/kit/slots.ts';
import type { Adapter } from '../../core/ports/adapter.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Telemetry } from '../../core/ports/telemetry.ts';
import type { Config } from '../config/variables.ts';
import type { Providers } from '../providers/providers.ts';
import { type AlertsOptions, createAlerts } from './alerts.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { startStoreWatch } from './store-watch.ts';
import { createTraces } from './traces.ts';

/** Everything that watches the running bot: metrics, traces, alerts to the operators, and the watch over the store. */
export type AppTelemetry = Telemetry & Metrics;

export interface AppTelemetryOptions extends Pick<AlertsOptions, 'tell'> {
  readonly config: Pick<Config, 'OPERATORS'>;
  readonly providers: Pick<Providers, 'nameOf'>;
  readonly store: Pick<Store, 'claims' | 'write'>;
  readonly slots: Slots;
  /** Read at each scrape. */
  readonly adapters: readonly Pick<Adapter, 'platform' | 'ready'>[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Watches the store from now on. Stops with `closing`, after all alerts are sent. */
export function startTelemetry(options: AppTelemetryOptions, closing: AsyncDisposableStack): AppTelemetry {
  const { config, providers, store, slots, adapters, clock, log } = options;
  const owner = randomUUID();
  const traces = createTraces();
  const alerts = createAlerts({ ...options, ...providers, operators: config.OPERATORS, owner });
  closing.defer(alerts.stop);
  const storeWatch = startStoreWatch({ store, owner, failed: alerts.storeFailed, clock, log });
  closing.defer(storeWatch.stop);
  const metrics = createMetrics({ slots, adapters, isStoreUp: storeWatch.isUp });
  return {
    ...metrics,
    ...alerts,
    answering: traces.answering,
    answered(facts) {
      metrics.answered(facts);
      traces.answered(facts);
    },
  };
}
