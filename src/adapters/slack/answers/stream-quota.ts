import type { Clock } from '../../../core/kit/clock.ts';
import { streamScope } from '../api/limits.ts';
import type { Workspace } from '../api/workspace.ts';

/** Limits how many streams a workspace starts and stops. */
export interface StreamQuota {
  /** Resolves to null if none is left; the answer is then shown by edits. */
  acquireStream(): Promise<StreamSlot | null>;
}

export interface StreamSlot {
  /** Call when the stream has ended. */
  release(): void;
}

/** A stream that nobody ends is released after six minutes. */
export function createStreamQuota(workspace: Workspace, clock: Clock): StreamQuota {
  const scope = streamScope(workspace.team);
  return {
    async acquireStream() {
      let end = await workspace.enterIfFree(scope);
      if (end === null) return null;
      const release = () => {
        end?.();
        end = null;
      };
      void clock.sleep(scope.longestMs).then(release);
      return { release };
    },
  };
}
