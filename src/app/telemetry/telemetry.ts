import { randomUUID } from 'node:crypto';
import type { Telemetry } from '../../core/ports/telemetry.ts';
import type { Config } from '../config/variables.ts';
import type { Providers } from '../providers/providers.ts';
import { type AlertsOptions, createAlerts } from './alerts.ts';
import { createMetrics, type Metrics, type MetricsState } from './metrics.ts';
import { startStoreWatch } from './store-watch.ts';
import { createTraces } from './traces.ts';

/** Everything that watches the running bot: metrics, traces, alerts to the operators, and the watch over the store. */
export type AppTelemetry = Telemetry & Metrics;

export interface AppTelemetryOptions
  extends Pick<AlertsOptions, 'store' | 'tell' | 'clock' | 'log'>,
    Omit<MetricsState, 'isStoreUp'> {
  readonly config: Pick<Config, 'OPERATORS'>;
  readonly providers: Pick<Providers, 'nameOf'>;
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
