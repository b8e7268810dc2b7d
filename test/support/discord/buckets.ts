import { createHash } from 'node:crypto';
import type { Clock } from '../../../src/core/kit/time/clock.ts';

export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** The limits by route template. Other routes have none but the global one. */
export type RateLimits = Readonly<Record<string, RateLimit>>;

/** Close to what people measure; Discord publishes none of them and says not to hard-code any. */
export const USUAL_LIMITS: RateLimits = {
  'POST /channels/:id/messages': { limit: 5, windowMs: 5000 },
  'PATCH /channels/:id/messages/:id': { limit: 5, windowMs: 5000 },
  'POST /channels/:id/typing': { limit: 5, windowMs: 5000 },
  'POST /channels/:id/messages/:id/threads': { limit: 50, windowMs: 300_000 },
  // All of one interaction's webhook routes share a bucket.
  '* /webhooks/:id/:token': { limit: 5, windowMs: 2000 },
};

export const GLOBAL_PER_SECOND = 50;

export interface Verdict {
  /** Sent with the response whether or not it was refused. */
  readonly headers: Readonly<Record<string, string>>;
  readonly refused: { readonly retryAfterMs: number; readonly scope: 'user' | 'global' } | null;
}

interface Window {
  used: number;
  endsAtMs: number;
}

export interface Buckets {
  /** Counts one request against its bucket and the global limit. */
  take(method: string, path: string): Verdict;
}

export function createBuckets(clock: Clock, limits: RateLimits, globalPerSecond: number): Buckets {
  const windows = new Map<string, Window>();

  function current(key: string, windowMs: number): Window {
    const existing = windows.get(key);
    if (existing && existing.endsAtMs > clock.now()) return existing;
    const fresh = { used: 0, endsAtMs: clock.now() + windowMs };
    windows.set(key, fresh);
    return fresh;
  }

  return {
    take(method, path) {
      if (!isInteractionEndpoint(path)) {
        const overall = current('global', 1000);
        if (overall.used >= globalPerSecond) {
          const retryAfterMs = overall.endsAtMs - clock.now();
          return {
            headers: { 'X-RateLimit-Global': 'true', 'X-RateLimit-Scope': 'global' },
            refused: { retryAfterMs, scope: 'global' },
          };
        }
        overall.used++;
      }

      const { route, major } = routeOf(method, path);
      const limit = limits[route];
      if (limit === undefined) return { headers: {}, refused: null };
      const window = current(`${route} ${major}`, limit.windowMs);
      const refused = window.used >= limit.limit;
      if (!refused) window.used++;
      const leftMs = window.endsAtMs - clock.now();
      return {
        headers: {
          'X-RateLimit-Limit': String(limit.limit),
          'X-RateLimit-Remaining': String(limit.limit - window.used),
          'X-RateLimit-Reset': (window.endsAtMs / 1000).toFixed(3),
          'X-RateLimit-Reset-After': (leftMs / 1000).toFixed(3),
          'X-RateLimit-Bucket': createHash('md5').update(route).digest('hex'),
          ...(refused ? { 'X-RateLimit-Scope': 'user' } : {}),
        },
        refused: refused ? { retryAfterMs: leftMs, scope: 'user' } : null,
      };
    },
  };
}

/** Callbacks and interaction webhooks are exempt from the global limit. */
function isInteractionEndpoint(path: string): boolean {
  return path.startsWith('/interactions/') || path.startsWith('/webhooks/');
}

/** The bucket of a request: its route with ids left out, and the id that splits the bucket. */
function routeOf(method: string, path: string): { route: string; major: string } {
  const webhook = /^\/webhooks\/(\d+)\/([^/]+)/.exec(path);
  if (webhook) return { route: '* /webhooks/:id/:token', major: `${webhook[1]}/${webhook[2]}` };
  const major = /^\/(?:channels|guilds)\/(\d+)/.exec(path)?.[1] ?? '';
  return { route: `${method} ${path.replaceAll(/\d{17,20}/g, ':id')}`, major };
}
