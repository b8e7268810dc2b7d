import type { Clock } from './clock.ts';

/**
 * A time limit on waiting, which ends the work itself. It starts at once.
 *
 * Pausing and restarting only assign variables: a single timer is pending at any time, and it checks the newest wait when it
 * ends. So a stream of a thousand chunks sets no thousand timers. Only a wait that ends before the timer sets a new one.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #outer: AbortSignal | null;
  readonly #createReason: () => Error;
  readonly #over = new AbortController();
  /** Aborts with the outer signal's reason, or with the deadline's own when the time is up. Not after `stop`. */
  readonly signal = this.#over.signal;
  // Not `AbortSignal.any`: its sets, weak references and finalizers cost more than all else here.
  readonly #follow = () => this.#over.abort(this.#outer?.reason);
  #limitMs: number;
  #sinceMs: number;
  #isPaused = false;
  #endsAtMs = 0;
  #cancelTimer = () => {};

  /** @param createReason makes the abort reason when the time is up */
  constructor(clock: Clock, limitMs: number, outer: AbortSignal | null, createReason: () => Error) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#sinceMs = clock.now();
    this.#outer = outer;
    this.#createReason = createReason;
    if (outer?.aborted) this.#follow();
    else outer?.addEventListener('abort', this.#follow, { once: true });
    this.#watch();
  }

  /**
   * Stops the time until `restart`: something arrived, and its reader may take as long as it likes. Returns the time of this
   * wait in milliseconds.
   */
  pause(): number {
    this.#isPaused = true;
    return this.#clock.now() - this.#sinceMs;
  }

  /** Starts a new wait with the full limit. A `limitMs` given here replaces the limit from now on. */
  restart(limitMs = this.#limitMs): void {
    this.#limitMs = limitMs;
    this.#sinceMs = this.#clock.now();
    this.#isPaused = false;
    if (this.#sinceMs + limitMs < this.#endsAtMs) this.#watch();
  }

  /** Ends the deadline and its timer. */
  stop(): void {
    this.#outer?.removeEventListener('abort', this.#follow);
    this.#cancelTimer();
    // No wait ends before it, so `restart` sets no timer.
    this.#endsAtMs = Number.NEGATIVE_INFINITY;
  }

  #watch(): void {
    this.#cancelTimer();
    const nowMs = this.#clock.now();
    this.#endsAtMs = (this.#isPaused ? nowMs : this.#sinceMs) + this.#limitMs;
    if (this.#endsAtMs <= nowMs) this.#over.abort(this.#createReason());
    else this.#cancelTimer = this.#clock.after(this.#endsAtMs - nowMs, () => this.#watch());
  }
}

/** Resolves to the work's result, or to undefined after `ms`; the work goes on. Rejects if the work fails in time. */
export async function waitAtMost<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.after(ms, () => late.resolve(undefined));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}
