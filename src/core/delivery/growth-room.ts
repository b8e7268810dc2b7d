import { OVER } from '../kit/over.ts';
import type { Scope } from '../ports/scope.ts';
import type { Surface } from '../ports/surface.ts';
import type { Owed } from './debts.ts';
import type { WriteLimiters } from './write-limiter.ts';

/** The room that an answer keeps for an edit that ends its growing message: only with it a message may start to grow. */
export interface GrowthRoom {
  /** Whether the room is kept. If not, asks for it, and calls `onReady` once there is some. */
  isKept(): boolean;
  /** Whether it is being asked for. */
  isAwaited(): boolean;
  /** The room is used. */
  release(): void;
  /** Releases the room and stops asking: nothing of the answer waits any more. */
  close(): void;
}

export function createGrowthRoom(options: {
  readonly limiters: Pick<WriteLimiters, 'owe'>;
  /** Without an `updateScope`, updates always have room. */
  readonly surface: Pick<Surface, 'updateScope'>;
  readonly onReady: () => void;
  readonly signal: AbortSignal;
}): GrowthRoom {
  const { limiters, surface, onReady, signal } = options;
  const closed = new AbortController();
  let owed: Owed | null = null;
  let isAsking = false;

  function ask(scope: Scope): void {
    isAsking = true;
    limiters.owe(scope, AbortSignal.any([signal, closed.signal])).then(
      (granted) => {
        isAsking = false;
        if (closed.signal.aborted) granted.release();
        else owed = granted;
        onReady();
      },
      () => {}, // The answer has ended.
    );
  }

  function release(): void {
    owed?.release();
    owed = null;
  }

  return {
    isKept() {
      const { updateScope } = surface;
      if (updateScope === undefined || owed !== null) return true;
      if (!isAsking) ask(updateScope);
      return false;
    },
    isAwaited: () => isAsking,
    release,
    close() {
      closed.abort(OVER);
      release();
    },
  };
}
