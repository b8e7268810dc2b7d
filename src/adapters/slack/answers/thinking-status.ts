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
export class ThinkingStatus {
  readonly #parts: SurfaceParts;
  readonly #channel: string;
  readonly #root: Root;
  /** Null until it begins. */
  #over: AbortController | null = null;
  #hasEnded = false;
  #isSaid = false;

  constructor(parts: SurfaceParts, channel: string, root: Root) {
    this.#parts = parts;
    this.#channel = channel;
    this.#root = root;
  }

  begin(): void {
    const { quirks } = this.#parts.workspace;
    if (this.#hasEnded || this.#over !== null || !quirks.takesStatus) return;
    const over = new AbortController();
    this.#over = over;
    this.#parts.tasks.run('say that the model thinks', () =>
      this.#keepSaying(over.signal).catch((error: unknown) => {
        if (!(error instanceof SlackRefusal) && !(error instanceof NotSlacksAnswer)) throw error;
        quirks.takesStatus = false;
      }),
    );
  }

  /** Call when the answer's first message is shown, which removes the status, or when none will come. */
  end(isShown: boolean): void {
    this.#hasEnded = true;
    this.#over?.abort(OVER);
    if (isShown || !this.#isSaid) return;
    this.#isSaid = false;
    const { workspace, tasks, signal } = this.#parts;
    tasks.run('take off that the model thinks', async () => {
      const threadTs = await this.#root.threadTs(signal);
      if (threadTs !== null && workspace.quirks.takesStatus) await this.#say(threadTs, '');
    });
  }

  async #keepSaying(over: AbortSignal): Promise<void> {
    const { workspace, clock, signal } = this.#parts;
    const sinceMs = clock.now();
    const threadTs = await this.#root.threadTs(signal);
    while (threadTs !== null && !over.aborted && workspace.quirks.takesStatus) {
      const done = await workspace.enterIfFree(thinkingScope(workspace.team));
      // If there is no room now, the next round shows it.
      if (done !== null) {
        this.#isSaid = true;
        await this.#say(threadTs, thinkingFor(clock.now() - sinceMs)).finally(done);
      }
      await clock.sleep(EVERY_MS, AbortSignal.any([signal, over])).catch(() => {}); // over
    }
  }

  async #say(threadTs: string, status: string): Promise<void> {
    const { workspace, signal } = this.#parts;
    const args = { channel_id: this.#channel, thread_ts: threadTs, status };
    await workspace.call('assistant.threads.setStatus', args, signal);
  }
}
