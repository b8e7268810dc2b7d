import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { adviceOn } from '../api/errors.ts';
import type { Workspace } from '../api/workspace.ts';
import type { PostingRules } from '../people/posting-rules.ts';
import { postedRoot, type Root, standingRoot } from '../posting/answer-anchor.ts';
import type { ResponseUrl } from '../posting/response-url.ts';
import { createPrivateTeller } from '../posting/tell-privately.ts';
import { questionContent } from '../text/questions.ts';
import type { AgentView } from './agent-view.ts';
import { type AnswerPlace, type RootPlace, threadKeyOf } from './answer-place.ts';
import { createAnswerSurface } from './answer-surface.ts';
import { createIndicator } from './indicator.ts';
import { createNativeStreams } from './native-stream.ts';
import { createQueueWords } from './queue-words.ts';
import type { StreamQuota } from './stream-quota.ts';
import { createThinkingStatus } from './thinking-status.ts';

/** The parts shared by all surfaces of a workspace. */
export interface SurfaceParts {
  readonly workspace: Workspace;
  readonly agentView: AgentView;
  readonly slots: StreamQuota;
  readonly postingRules: PostingRules;
  readonly tasks: Tasks;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the adapter stops. */
  readonly signal: AbortSignal;
}

export interface SurfaceExtras {
  /** The response URL of the interaction that asked. */
  readonly responseUrl?: ResponseUrl | null;
  /** Called with the question's `ts` once it is posted. */
  readonly onPosted?: (ts: string) => void;
}

export function createSurfaceFor(
  parts: SurfaceParts,
  place: AnswerPlace,
  { responseUrl = null, onPosted = () => {} }: SurfaceExtras = {},
): Surface {
  const { workspace, agentView, tasks, clock, log, signal } = parts;
  const { team } = workspace;
  const { channel, isDirect, askedIn } = place;
  const root = rootOf(parts, place, onPosted);
  let streamTs = place.streamTs;

  const tellPrivately = createPrivateTeller({
    workspace,
    channel: askedIn,
    user: place.user,
    isDirect: isDirect && askedIn === channel,
    root: askedIn === channel ? root : null,
    responseUrl,
  });

  async function rename(title: string, until: AbortSignal): Promise<void> {
    const { knownThreadTs: thread_ts } = root;
    if (thread_ts === null) return;
    await workspace.call('agents.sessions.rename', { channel_id: channel, thread_ts, title }, until);
  }

  return createAnswerSurface({
    workspace,
    channel,
    root,
    clock,
    log,
    isPrivate: place.isPrivate,
    async obstacle() {
      if (isDirect) return null;
      const where = root.knownThreadTs === null ? 'top' : 'thread';
      const reason = await parts.postingRules.refusalOf(channel, where);
      return reason === null ? null : adviceOn(reason);
    },
    isOverheard: !isDirect && (place.root.kind === 'posted' || place.root.threadTs !== null),
    threadKeyOf: (threadTs) => threadKeyOf(team, place, threadTs),
    reference() {
      const { questionTs, knownThreadTs: threadTs } = root;
      const standing: RootPlace = { kind: 'standing', questionTs, threadTs };
      return JSON.stringify({ ...place, root: root.isReady ? standing : place.root, streamTs });
    },
    indicator: createIndicator({ ...parts, channel, root }),
    tellPrivately,
    waits: createQueueWords(parts, place, root, tellPrivately),
    thinking: createThinkingStatus({ ...parts, channel, root }),
    // In a channel only one person would see a native stream grow, and nobody could stop it.
    streams:
      isDirect && agentView.isOn
        ? createNativeStreams({
            ...parts,
            onBegun(ts) {
              streamTs = ts;
            },
            onSettled() {
              streamTs = null;
            },
          })
        : null,
    // Only sessions have names.
    rename: isDirect && agentView.isOn ? rename : undefined,
    prepare() {
      if (!root.isReady) tasks.run('post the question', () => root.threadTs(signal));
    },
  });
}

function rootOf(
  { workspace, clock }: SurfaceParts,
  { root, channel }: AnswerPlace,
  onPosted: (ts: string) => void,
): Root {
  if (root.kind === 'standing') return standingRoot(root.questionTs, root.threadTs);
  const question = questionContent(root.asker, root.question);
  return postedRoot(
    workspace,
    { channel, question, thread: root.thread, id: root.post?.id, onPosted },
    clock,
  );
}
