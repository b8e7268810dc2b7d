import type { Clock } from '../kit/time/clock.ts';
import type { EndedWrite } from '../ports/store.ts';

/** The end of a write that the store does not know yet, and the time until which the write counts. */
interface UnheardEnd extends Pick<EndedWrite, 'id' | 'refillMs'> {
  readonly untilMs: number;
}

/** The ends of writes that the store does not know yet, by limit. A limit may be noted without any, to be reported all the same. */
export class UnheardEnds {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #byLimit = new Map<string, readonly UnheardEnd[]>();

  /** @param keptMs how long an end is kept once its write does not count any more; by then the store has given the write up */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  has(key: string): boolean {
    return this.#byLimit.has(key);
  }

  limits(): readonly string[] {
    return [...this.#byLimit.keys()];
  }

  note(key: string, { countsMs, ...end }: EndedWrite): void {
    this.#keep(key, [{ ...end, untilMs: this.#clock.now() + countsMs }]);
  }

  /** Notes a limit without a further end. */
  noteLimit(key: string): void {
    this.#keep(key, []);
  }

  #keep(key: string, ends: readonly UnheardEnd[]): void {
    const fromMs = this.#clock.now() - this.#keptMs;
    const recent = (this.#byLimit.get(key) ?? []).filter(({ untilMs }) => untilMs > fromMs);
    this.#byLimit.set(key, [...recent, ...ends]);
  }

  /** Passes the ends of a limit to a step that tells them to the store. If that fails, they stay unheard. */
  async tell<T>(key: string, step: (ended: readonly EndedWrite[]) => Promise<T>): Promise<T> {
    const ends = this.#byLimit.get(key) ?? [];
    this.#byLimit.delete(key);
    const nowMs = this.#clock.now();
    try {
      return await step(
        ends.map(({ untilMs, ...end }) => ({ ...end, countsMs: Math.max(0, untilMs - nowMs) })),
      );
    } catch (error) {
      this.#keep(key, ends);
      throw error;
    }
  }
}
