import type { Clock } from '../../../core/kit/time/clock.ts';
import { streamScope } from '../api/limits.ts';
import type { Workspace } from '../api/workspace.ts';

/**
 * Takes one of the streams that a workspace may start and stop. Resolves to a function to call at its end, or to null if none is
 * left; the answer is then shown by edits. A stream that nobody ends is given back after six minutes.
 */
export async function takeStream(
  workspace: Pick<Workspace, 'team' | 'enterIfFree'>,
  clock: Clock,
): Promise<(() => void) | null> {
  const scope = streamScope(workspace.team);
  let end = await workspace.enterIfFree(scope);
  if (end === null) return null;
  const release = () => {
    end?.();
    end = null;
  };
  void clock.sleep(scope.longestMs).then(release);
  return release;
}
