import { formatDuration } from '../../../core/kit/time/durations.ts';
import { OVER } from '../../../core/kit/time/over.ts';
import { thinkingScope } from '../api/limits.ts';
import { NotSlacksAnswer, SlackRefusal } from '../api/web-api.ts';
import type { Root } from '../posting/answer-anchor.ts';
import type { SurfaceParts } from './surface-parts.ts';

/** Slack removes a status after two minutes. Nobody looks more often than this. */
const EVERY_MS = 4_000;

/** `is thinking, 12 s`. */
function thinkingFor(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds === 0) return 'is thinking';
  return `is thinking, ${seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000)}`;
}

/**
 * Shows under a thread that the model is reasoning, with the time. Renews the status every 4 s, as the workspace's limit allows.
 * Switches itself off where Slack refuses it.
 */
export function createThinkingStatus(parts: SurfaceParts, channel: string, root: Root) {
  const { workspace, clock, tasks, signal } = parts;
  const over = new AbortController();
  let hasBegun = false;
  let isSaid = false;

  async function say(threadTs: string, status: string): Promise<void> {
    const args = { channel_id: channel, thread_ts: threadTs, status };
    await workspace.call('assistant.threads.setStatus', args, signal);
  }

  async function keepSaying(): Promise<void> {
    const sinceMs = clock.now();
    const threadTs = await root.threadTs(signal);
    while (threadTs !== null && !over.signal.aborted && workspace.quirks.takesStatus) {
      const done = await workspace.enterIfFree(thinkingScope(workspace.team));
      // If there is no room now, the next round shows it.
      if (done !== null) {
        isSaid = true;
        await say(threadTs, thinkingFor(clock.now() - sinceMs)).finally(done);
      }
      await clock.sleep(EVERY_MS, AbortSignal.any([signal, over.signal])).catch(() => {}); // over
    }
  }

  return {
    showThinking() {
      if (hasBegun || !workspace.quirks.takesStatus) return;
      hasBegun = true;
      tasks.run('say that the model thinks', () =>
        keepSaying().catch((error: unknown) => {
          if (!(error instanceof SlackRefusal) && !(error instanceof NotSlacksAnswer)) throw error;
          workspace.quirks.takesStatus = false;
        }),
      );
    },
    /** Call when the answer's first message is shown, which removes the status, or when none will come. */
    end(isShown: boolean) {
      over.abort(OVER);
      if (isShown || !isSaid) return;
      isSaid = false;
      tasks.run('take off that the model thinks', async () => {
        const threadTs = await root.threadTs(signal);
        if (threadTs !== null && workspace.quirks.takesStatus) await say(threadTs, '');
      });
    },
  };
}
