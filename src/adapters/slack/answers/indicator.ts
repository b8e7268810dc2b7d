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
export class Indicator {
  readonly #parts: SurfaceParts;
  readonly #channel: string;
  readonly #root: Root;
  #wanted = false;
  #hasOpened = false;
  #sign: Sign = 'none';
  #isSettling = false;

  constructor(parts: SurfaceParts, channel: string, root: Root) {
    this.#parts = parts;
    this.#channel = channel;
    this.#root = root;
  }

  show(activity: Activity): void {
    this.#wanted = activity !== 'idle';
    this.#change();
  }

  /** Called when the answer's first message is shown. */
  opened(): void {
    this.#hasOpened = true;
    this.#change();
  }

  #change(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#parts.tasks.run('show that a question was seen', () =>
      this.#settle().finally(() => {
        this.#isSettling = false;
      }),
    );
  }

  async #settle(): Promise<void> {
    for (;;) {
      // Slack's stop button belongs to the session's status, so that stays until the answer ends.
      const isDue = this.#wanted && !(this.#hasOpened && this.#sign !== 'session');
      if (isDue === (this.#sign !== 'none')) return;
      if (!isDue) await this.#take();
      else {
        this.#sign = await this.#put();
        if (this.#sign === 'none') return;
      }
    }
  }

  async #put(): Promise<Sign> {
    const { workspace, agentView, signal } = this.#parts;
    const threadTs = await this.#root.threadTs(signal);
    if (threadTs !== null && (await agentView.showWorking(this.#channel, threadTs, signal))) return 'session';
    const { questionTs } = this.#root;
    if (questionTs === null || this.#hasOpened || !this.#wanted) return 'none';
    const done = await workspace.enterIfFree(reactionScope(workspace.team));
    if (done === null) return 'none';
    await react(workspace, 'reactions.add', this.#channel, questionTs, signal).finally(done);
    return 'reaction';
  }

  async #take(): Promise<void> {
    const before = this.#sign;
    this.#sign = 'none';
    const threadTs = await this.#root.threadTs(this.#parts.signal);
    if (before === 'session') await takeSignsOff(this.#parts, this.#channel, null, threadTs);
    if (before === 'reaction') await takeSignsOff(this.#parts, this.#channel, this.#root.questionTs, null);
  }
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
