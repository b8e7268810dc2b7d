import type { Figures } from '../support/figures.ts';
import { quantile } from '../support/row.ts';

const WORDS = 180;
const WORDS_PER_SECOND = 50;
const FLAWLESS = { wordsBehind: null, lost: 0, doubled: 0, refusals: 0 };

/**
 * The fewest calls that suffice for N mentions at once on Discord, spent in the best order: each answer needs a thread, one
 * message and, if that was posted before the answer was complete, one last edit. 50 calls a second, in fixed windows.
 */
export function discordOptimum(answers: number): Figures {
  const [firstWordMs, latencyMs, perWindow] = [150, 40, 50];
  const endMs = firstWordMs + (WORDS / WORDS_PER_SECOND) * 1_000;
  const orders = ['FPT', 'TPF'].map((order) => schedule(order));
  return orders.reduce((best, other) =>
    quantile(other.endLagMs, 0.99) < quantile(best.endLagMs, 0.99) ? other : best,
  );

  function schedule(order: string): Figures {
    const lives = Array.from({ length: answers }, () => ({ next: 'T', readyMs: 0, firstMs: -1, lastMs: -1 }));
    let [nowMs, windowMs, used, calls] = [0, 0, 0, 0];
    const isDue = (next: string) => next === 'T' || nowMs >= (next === 'P' ? firstWordMs : endMs);
    while (lives.some(({ lastMs }) => lastMs < 0)) {
      if (used >= perWindow) {
        nowMs = windowMs += 1_000;
        used = 0;
        continue;
      }
      let best: (typeof lives)[number] | null = null;
      for (const life of lives) {
        if (life.lastMs >= 0 || life.readyMs > nowMs || !isDue(life.next)) continue;
        if (best === null || order.indexOf(life.next) < order.indexOf(best.next)) best = life;
      }
      if (best === null) {
        nowMs += 10;
        if (nowMs >= windowMs + 1_000) [windowMs, used] = [windowMs + 1_000, 0];
        continue;
      }
      used++;
      calls++;
      best.readyMs = nowMs + latencyMs;
      if (best.next === 'T') best.next = 'P';
      else {
        if (best.next === 'P') best.firstMs = best.readyMs;
        if (best.next === 'F' || nowMs >= endMs) best.lastMs = best.readyMs;
        best.next = 'F';
      }
    }
    return {
      ...FLAWLESS,
      firstTextMs: lives.map(({ firstMs }) => firstMs),
      endLagMs: lives.map(({ lastMs }) => lastMs - endMs),
      calls,
      wallMs: Math.max(...lives.map(({ lastMs }) => lastMs)),
    };
  }
}

/**
 * The same for N mentions in one Slack workspace: posts are free, edits cost a token of a bucket of 50 that refills 50 a
 * minute, and an answer is posted early only if its last edit can be paid for.
 */
export function slackOptimum(answers: number, spreadMs: number, firstWordMs = 350): Figures {
  const [bucket, perMs] = [50, 50 / 60_000];
  const streamMs = firstWordMs + (WORDS / WORDS_PER_SECOND) * 1_000;
  const lives = Array.from({ length: answers }, (_, index) => ({
    startMs: (index / answers) * spreadMs,
    firstMs: -1,
    lagMs: -1,
  }));
  let [tokens, calls] = [bucket, 0];
  for (let nowMs = 0; lives.some(({ lagMs }) => lagMs < 0); nowMs += 10) {
    tokens = Math.min(bucket, tokens + perMs * 10);
    let owed = lives.filter(({ firstMs, lagMs }) => firstMs >= 0 && lagMs < 0).length;
    for (const life of lives) {
      if (life.lagMs >= 0 || nowMs < life.startMs + firstWordMs) continue;
      const isOver = nowMs >= life.startMs + streamMs;
      if (life.firstMs < 0 && (isOver || tokens - owed >= 1)) {
        life.firstMs = nowMs - life.startMs;
        calls++;
        if (isOver) life.lagMs = nowMs - life.startMs - streamMs;
        else owed++;
      } else if (life.firstMs >= 0 && isOver && tokens >= 1) {
        tokens--;
        calls++;
        life.lagMs = nowMs - life.startMs - streamMs;
      }
    }
  }
  return {
    ...FLAWLESS,
    firstTextMs: lives.map(({ firstMs }) => firstMs),
    endLagMs: lives.map(({ lagMs }) => lagMs),
    calls,
    wallMs: Math.max(...lives.map(({ startMs, lagMs }) => startMs + streamMs + lagMs)),
  };
}
