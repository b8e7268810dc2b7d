import { OVER } from '../kit/over.ts';
import type { Scope } from '../ports/scope.ts';
import type { Surface } from '../ports/surface.ts';
import type { Owed } from './debts.ts';
import type { WriteLimiters } from './write-limiter.ts';

/** The room that an answer keeps for the last states of its messages: only with it a message may start to grow. */
export interface GrowthRoom {
  /** Whether the room is kept. If not, asks for it, and calls `onReady` once there is some. */
  isKept(): boolean;
  /** Asks for room for the next message too, where edits come free so slowly that none might be left when this one is full. */
  keepNext(): void;
  /** Whether the current message's room is being asked for. */
  readonly isAwaited: boolean;
  /** The current message's room is used. */
  release(): void;
  /** Releases all of it and stops asking: nothing of the answer waits any more. */
  close(): void;
}

/** In longer windows, what was written while a message grew still counts when the next one has to be ended. */
const QUICK_WINDOW_MS = 5_000;

export function createGrowthRoom(options: {
  readonly limiters: WriteLimiters;
  /** Without an `updateScope`, updates always have room. */
  readonly surface: Pick<Surface, 'updateScope'>;
  readonly onReady: () => void;
  readonly signal: AbortSignal;
}): GrowthRoom {
  const { limiters, surface, onReady, signal } = options;
  const closed = new AbortController();
  /** For the current message and the next one. */
  const owed: Owed[] = [];
  let isAsking = false;

  function ask(scope: Scope): void {
    isAsking = true;
    limiters.owe(scope, AbortSignal.any([signal, closed.signal])).then(
      (granted) => {
        isAsking = false;
        if (closed.signal.aborted) granted.release();
        else owed.push(granted);
        onReady();
      },
      () => {}, // The answer has ended.
    );
  }

  return {
    isKept() {
      const { updateScope } = surface;
      if (updateScope === undefined || owed.length > 0) return true;
      if (!isAsking) ask(updateScope);
      return false;
    },
    keepNext() {
      const { updateScope } = surface;
      if (updateScope === undefined || updateScope.windowMs <= QUICK_WINDOW_MS) return;
      if (owed.length === 1 && !isAsking) ask(updateScope);
    },
    get isAwaited() {
      return isAsking && owed.length === 0;
    },
    release: () => owed.shift()?.release(),
    close() {
      closed.abort(OVER);
      for (const each of owed.splice(0)) each.release();
    },
  };
}
