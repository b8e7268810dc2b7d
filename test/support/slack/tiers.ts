import type { Clock } from '../../../src/core/kit/time/clock.ts';

/** Requests per minute, method, workspace and app, by tier (docs.slack.dev/apis/web-api/rate-limits). */
const PER_MINUTE = { t1: 1, t2: 20, t3: 50, t4: 100, t5: 600 } as const;

export type Tier = keyof typeof PER_MINUTE;

/**
 * Posts are bound to about one per second and channel, "short bursts" above that being let through. How short is not
 * documented: others measured about 25; five is taken here.
 */
const POST_BURST = 5;
const POST_INTERVAL_MS = 1000;

/** Counts calls as Slack's documentation says, without the lenience that Slack may show. */
export interface RateLimits {
  /** Seconds to wait, or null where the call may go on. */
  take(method: string, tier: Tier, postsTo: string | null): number | null;
}

export function createRateLimits(clock: Clock): RateLimits {
  const calls = new Map<string, number[]>();
  const buckets = new Map<string, { tokens: number; atMs: number }>();

  function takeTier(method: string, tier: Tier): number | null {
    const nowMs = clock.now();
    const recent = (calls.get(method) ?? []).filter((atMs) => nowMs - atMs < 60_000);
    calls.set(method, recent);
    const oldest = recent[0];
    if (recent.length >= PER_MINUTE[tier] && oldest !== undefined) {
      return Math.max(1, Math.ceil((oldest + 60_000 - nowMs) / 1000));
    }
    recent.push(nowMs);
    return null;
  }

  function takePost(channel: string): number | null {
    const nowMs = clock.now();
    const bucket = buckets.get(channel) ?? { tokens: POST_BURST, atMs: nowMs };
    bucket.tokens = Math.min(POST_BURST, bucket.tokens + (nowMs - bucket.atMs) / POST_INTERVAL_MS);
    bucket.atMs = nowMs;
    buckets.set(channel, bucket);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil(1 - bucket.tokens));
    bucket.tokens -= 1;
    return null;
  }

  return {
    take: (method, tier, postsTo) => (postsTo === null ? null : takePost(postsTo)) ?? takeTier(method, tier),
  };
}
