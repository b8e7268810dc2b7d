import { OVER } from '../kit/time/over.ts';
import type { Scope } from '../ports/scope.ts';
import type { Surface } from '../ports/surface.ts';
import type { Owed } from './debts.ts';
import type { WriteLimiters } from './write-limiter.ts';

/** The room that an answer keeps for an edit that ends its growing message: only with it a message may start to grow. */
export class GrowthRoom {
  readonly #limiters: Pick<WriteLimiters, 'owe'>;
  readonly #surface: Pick<Surface, 'updateScope'>;
  readonly #onReady: () => void;
  #owed: Owed | null = null;
  /** Ends asking for it; null while nobody asks. */
  #asking: AbortController | null = null;

  /**
   * @param surface without an `updateScope`, updates always have room
   * @param onReady called once there is room that was asked for
   */
  constructor(
    limiters: Pick<WriteLimiters, 'owe'>,
    surface: Pick<Surface, 'updateScope'>,
    onReady: () => void,
  ) {
    this.#limiters = limiters;
    this.#surface = surface;
    this.#onReady = onReady;
  }

  /** Whether the room is kept. If not, asks for it. */
  isKept(): boolean {
    const { updateScope } = this.#surface;
    if (updateScope === undefined || this.#owed !== null) return true;
    if (this.#asking === null) this.#ask(updateScope);
    return false;
  }

  /** Whether it is being asked for. */
  isAwaited(): boolean {
    return this.#asking !== null;
  }

  #ask(scope: Scope): void {
    const asking = new AbortController();
    this.#asking = asking;
    this.#limiters.owe(scope, asking.signal).then(
      (granted) => {
        this.#asking = null;
        if (asking.signal.aborted) granted.release();
        else this.#owed = granted;
        this.#onReady();
      },
      () => {}, // The answer has ended.
    );
  }

  /** The room is used. */
  release(): void {
    this.#owed?.release();
    this.#owed = null;
  }

  /** Releases the room and stops asking: nothing of the answer waits any more. */
  close(): void {
    this.#asking?.abort(OVER);
    this.release();
  }
}
