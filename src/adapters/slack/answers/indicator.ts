import { ignoring } from '../../../core/kit/or-log.ts';
import type { Activity } from '../../../core/ports/surface.ts';
import { isRefusal } from '../api/errors.ts';
import { reactionScope } from '../api/limits.ts';
import type { Workspace } from '../api/workspace.ts';
import type { Root } from '../posting/answer-anchor.ts';
import type { SurfaceParts } from './surface-parts.ts';

const REACTION = 'eyes';
type Sign = 'none' | 'session' | 'reaction';

/** Removes the signs that a dead process may have left on a question. */
export async function takeSignsOff(
  { workspace, agentView, signal }: Pick<SurfaceParts, 'workspace' | 'agentView' | 'signal'>,
  channel: string,
  questionTs: string | null,
  threadTs: string | null,
): Promise<void> {
  if (threadTs !== null) await agentView.showWaiting(channel, threadTs, signal);
  if (questionTs !== null) await react(workspace, 'reactions.remove', channel, questionTs, signal);
}

/** Shows that a question was seen: by the agent session's status, or else by a reaction. */
export function createIndicator(parts: SurfaceParts, channel: string, root: Root) {
  const { workspace, agentView, tasks, signal } = parts;
  let wanted = false;
  let hasOpened = false;
  let sign: Sign = 'none';
  let isSettling = false;

  async function put(): Promise<Sign> {
    const threadTs = await root.threadTs(signal);
    if (threadTs !== null && (await agentView.showWorking(channel, threadTs, signal))) return 'session';
    if (root.questionTs === null || hasOpened || !wanted) return 'none';
    const done = await workspace.enterIfFree(reactionScope(workspace.team));
    if (done === null) return 'none';
    await react(workspace, 'reactions.add', channel, root.questionTs, signal).finally(done);
    return 'reaction';
  }

  async function take(): Promise<void> {
    const before = sign;
    sign = 'none';
    const threadTs = await root.threadTs(signal);
    if (before === 'session') await takeSignsOff(parts, channel, null, threadTs);
    if (before === 'reaction') await takeSignsOff(parts, channel, root.questionTs, null);
  }

  async function settle(): Promise<void> {
    for (;;) {
      // Slack's stop button belongs to the session's status, so that stays until the answer ends.
      const isDue = wanted && !(hasOpened && sign !== 'session');
      if (isDue === (sign !== 'none')) return;
      if (!isDue) await take();
      else {
        sign = await put();
        if (sign === 'none') return;
      }
    }
  }

  function change(): void {
    if (isSettling) return;
    isSettling = true;
    tasks.run('show that a question was seen', () =>
      settle().finally(() => {
        isSettling = false;
      }),
    );
  }

  return {
    show(activity: Activity) {
      wanted = activity !== 'idle';
      change();
    },
    /** Called when the answer's first message is shown. */
    opened() {
      hasOpened = true;
      change();
    },
  };
}

async function react(
  workspace: Workspace,
  method: 'reactions.add' | 'reactions.remove',
  channel: string,
  timestamp: string,
  signal: AbortSignal,
): Promise<void> {
  const isHarmless = (error: unknown) =>
    isRefusal(error, 'already_reacted', 'no_reaction', 'message_not_found');
  await workspace.call(method, { channel, timestamp, name: REACTION }, signal).catch(ignoring(isHarmless));
}
