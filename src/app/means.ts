import { type Logger, pino } from 'pino';
import { type Clock, systemClock } from '../core/kit/time/clock.ts';
import type { Fetch } from '../core/ports/fetch.ts';
import { createFetch } from './http/http-client.ts';
import type { Proxies } from './http/proxies.ts';

/** The dependencies of most modules that send requests to other servers. */
export interface Means {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The means of commands that run without a store. Nothing is logged. */
export function meansFor(proxies: Proxies): Means {
  return { fetch: createFetch(proxies), clock: systemClock, log: pino({ level: 'silent' }) };
}
