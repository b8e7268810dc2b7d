import type { Logger } from 'pino';
import { z } from 'zod';
import { createCollection } from '../coordination/collection.ts';
import type { Clock } from '../kit/time/clock.ts';
import type { Route } from '../ports/model.ts';
import type { ProviderError, ProviderErrorCode } from '../ports/provider-errors.ts';
import type { Store } from '../ports/store.ts';

type To = Pick<Route, 'provider' | 'wireModel'>;

const FAILURES = 3;
const WINDOW_MS = 60_000;
const REST_MS = 60_000;
/** How long a read is reused: under load each route is read once a second. */
const BELIEVED_MS = 1_000;

const OF_PROVIDER: readonly ProviderErrorCode[] = ['unreachable', 'timeout', 'bad_address'];
const OF_ROUTE: readonly ProviderErrorCode[] = ['provider_down', 'cut_off', 'bad_response', 'rate_limited'];

export type RouteRest = ReturnType<typeof createRouteRest>;

/**
 * Routes that failed three times in a minute are skipped for a minute, in all processes of a store, so that their questions
 * go to fallbacks at once. A provider that is unreachable or does not answer in time is skipped with all its models.
 */
export function createRouteRest(store: Store, clock: Clock, log: Logger) {
  const failures = createCollection(store, 'route-failures', z.object({ atMs: z.array(z.number()) }), {
    ttlMs: WINDOW_MS + REST_MS,
  });
  const believed = new Map<string, { readonly isResting: boolean; readonly untilMs: number }>();

  return {
    /** Counts a failure if the provider caused it. Never rejects. */
    async failed(route: To, { code, ownKey }: ProviderError): Promise<void> {
      // A guild's own key has its own rate limit.
      const isOfRoute = OF_ROUTE.includes(code) && !(code === 'rate_limited' && ownKey);
      const key = OF_PROVIDER.includes(code) ? route.provider : isOfRoute ? keyOf(route) : null;
      if (key === null) return;
      try {
        const nowMs = clock.now();
        const before = (await failures.get(key))?.atMs ?? [];
        // Two processes that fail at the same moment may count as one; the pause then begins one failure later.
        await failures.set(key, { atMs: [...before, nowMs].slice(-FAILURES) });
        believed.delete(key);
      } catch (error) {
        log.warn({ err: error, route: key }, "could not count a provider's failure");
      }
    },

    /** False also if the store does not answer. Never rejects. */
    async isResting(route: To): Promise<boolean> {
      const keys = [route.provider, keyOf(route)];
      const nowMs = clock.now();
      const unknown = keys.filter((key) => (believed.get(key)?.untilMs ?? 0) <= nowMs);
      try {
        const found = await failures.getMany(unknown);
        for (const key of unknown) {
          const isResting = rests(found.get(key)?.atMs ?? [], nowMs);
          believed.set(key, { isResting, untilMs: nowMs + BELIEVED_MS });
        }
      } catch (error) {
        log.warn({ err: error }, 'could not read whether a provider is paused');
        return false;
      }
      return keys.some((key) => believed.get(key)?.isResting);
    },
  };
}

function keyOf({ provider, wireModel }: To): string {
  return `${provider}/${wireModel}`;
}

function rests(atMs: readonly number[], nowMs: number): boolean {
  const [first, last] = [atMs.at(-FAILURES), atMs.at(-1)];
  if (first === undefined || last === undefined) return false;
  return last - first <= WINDOW_MS && nowMs < last + REST_MS;
}
