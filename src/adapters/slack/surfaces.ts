import type { Logger } from 'pino';
import type { Notice, Surface } from '../../core/adapter.ts';
import type { Clock } from '../../core/clock.ts';
import type { AgentView } from './agent-view.ts';
import type { Allowance } from './allowance.ts';
import { createAnswerSurface } from './answer-surface.ts';
import { createIndicator } from './indicator.ts';
import { MESSAGE_LIMITS, unlimitedScope } from './limits.ts';
import { createNativeStreams } from './native-stream.ts';
import type { ResponseUrl } from './response-url.ts';
import type { Root } from './root.ts';
import type { StreamSlots } from './stream-slots.ts';
import type { Tasks } from './tasks.ts';
import { createWhisper } from './whisper.ts';
import type { Workspace } from './workspace.ts';

/** What all surfaces of a workspace share. */
export interface SurfaceParts {
  readonly workspace: Workspace;
  readonly agentView: AgentView;
  readonly reactions: Allowance;
  readonly slots: StreamSlots;
  readonly tasks: Tasks;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the adapter stops. */
  readonly signal: AbortSignal;
}

export interface AnswerPlace {
  readonly channel: string;
  readonly user: string;
  readonly root: Root;
  /** Whether the channel is the asker's DM with the bot. */
  readonly isDirect: boolean;
  /** The answer is private although it was asked for elsewhere. Default false. */
  readonly isPrivate?: boolean;
  /** `Place.key` of the thread, where the answer is to tie it to its conversation. */
  readonly threadKeyOf?: (threadTs: string) => string | null;
  readonly responseUrl?: ResponseUrl | null;
  /** Where to whisper, if not at the place of the answer. */
  readonly askedIn?: string;
}

export function createSurfaceFor(parts: SurfaceParts, place: AnswerPlace): Surface {
  const { workspace, agentView, tasks, clock, signal } = parts;
  const { channel, root, user, isDirect, responseUrl = null, askedIn = channel } = place;
  return createAnswerSurface({
    workspace,
    channel,
    root,
    clock,
    threadKeyOf: place.threadKeyOf ?? (() => null),
    indicator: createIndicator({ ...parts, channel, root }),
    whisper: createWhisper({
      workspace,
      channel: askedIn,
      user,
      isDirect: isDirect && askedIn === channel,
      threadTs: () => (askedIn === channel ? root.knownThreadTs : null),
      responseUrl,
    }),
    // In a channel only one person would see a native stream grow, and nobody could stop it.
    streams: isDirect && agentView.isOn ? createNativeStreams(parts) : null,
    isPrivate: place.isPrivate ?? false,
    prepare() {
      if (!root.isReady) tasks.run('post the question', () => root.threadTs(signal));
    },
  });
}

/** Keeps what a command says instead of showing it: for views that are made of it. */
export function createNoteTaker(team: string): Surface & { readonly notices: readonly Notice[] } {
  const notices: Notice[] = [];
  return {
    notices,
    limits: MESSAGE_LIMITS,
    openScope: unlimitedScope(team),
    isPrivate: true,
    canContinueInThread: false,
    indicate() {},
    open: () => Promise.reject(new Error('no answers are shown here')),
    async whisper(notice) {
      notices.push(notice);
    },
  };
}
