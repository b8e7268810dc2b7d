import type { Logger } from 'pino';
import type { AdminHost } from '../admin/host.ts';
import type { Adapter, Route } from '../core/ports/adapter.ts';
import type { Store } from '../core/ports/store.ts';
import type { Login } from '../http/login.ts';
import { isSlackOverHttp } from './config/exposure.ts';
import type { Config } from './config/variables.ts';
import { forOperator, isOperators } from './http/operator-only.ts';
import { healthRoutes } from './telemetry/health.ts';

export interface RoutesOptions {
  readonly config: Config;
  readonly store: Pick<Store, 'ping'>;
  readonly adapters: readonly Adapter[];
  /** `/metrics`, for the operator. */
  readonly metrics: Route;
  readonly admin: AdminHost;
  /** Null if there is no `ADMIN_TOKEN`; the dashboard then says so. */
  readonly login: Login | null;
  readonly log: Logger;
}

/** Everything that the shared HTTP server serves: health, metrics, the dashboard, and the adapters' own routes. */
export function routesOf({ config, store, adapters, metrics, admin, login, log }: RoutesOptions): Route[] {
  const operator = { adminToken: config.ADMIN_TOKEN, isExposed: isSlackOverHttp(config) };
  return [
    ...healthRoutes(adapters, store, (request) => !operator.isExposed || isOperators(request, operator)),
    forOperator(metrics, operator),
    ...dashboardRoutes(async () => {
      const { createAdmin } = await import('../admin/admin.ts');
      return createAdmin({ host: admin, login, log });
    }),
    ...adapters.flatMap(({ routes }) => routes),
  ];
}

/** The dashboard's code is loaded at the first request; a failed load is retried at the next one. */
function dashboardRoutes(load: () => Promise<readonly Route[]>): readonly Route[] {
  let loading: Promise<readonly Route[]> | null = null;
  const loaded = () => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
  return ['/admin', '/admin/'].map((path) => ({
    path,
    async handle(request, response) {
      const route = (await loaded()).find((one) => one.path === path);
      await route?.handle(request, response);
    },
  }));
}
