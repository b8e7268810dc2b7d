import type { Surface } from '../../../core/ports/surface.ts';
import { adviceOn, deliveryError } from '../api/errors.ts';
import { MESSAGE_LIMITS, postScope, selfPacedScope, updatesScope } from '../api/limits.ts';
import { postedRoot, type Root, standingRoot } from '../posting/answer-anchor.ts';
import type { ResponseUrl } from '../posting/response-url.ts';
import { createPrivateTeller } from '../posting/tell-privately.ts';
import { questionContent } from '../text/questions.ts';
import { createAnswerMessages } from './answer-messages.ts';
import { type AnswerPlace, type RootPlace, threadKeyOf } from './answer-place.ts';
import { createOpenStream } from './native-stream.ts';
import { createSigns } from './signs.ts';
import type { SurfaceParts } from './surface-parts.ts';

export interface SurfaceExtras {
  /** The response URL of the interaction that asked. Default: none. */
  readonly responseUrl?: ResponseUrl | null;
  /** Called with the question's `ts` once it is posted. */
  readonly onPosted?: (ts: string) => void;
}

/** The surface for an answer in a place: message by message, in a thread or one below the other. */
export function createSurfaceFor(
  parts: SurfaceParts,
  place: AnswerPlace,
  { responseUrl = null, onPosted = () => {} }: SurfaceExtras = {},
): Surface {
  const { workspace, agentView, tasks, signal } = parts;
  const { team } = workspace;
  const { channel, isDirect, askedIn } = place;
  const root = rootOf(parts, place, onPosted);
  const keyOf = (threadTs: string) => threadKeyOf(team, place, threadTs);
  let streamTs = place.streamTs;
  // In a channel only one person would see a native stream grow, and nobody could stop it. Only sessions have names.
  const isSession = isDirect && agentView.isOn;
  const openStream = isSession
    ? createOpenStream({
        ...parts,
        onBegun(ts) {
          streamTs = ts;
        },
        onSettled() {
          streamTs = null;
        },
      })
    : null;
  const messages = createAnswerMessages(parts, { channel, root, openStream, threadKeyOf: keyOf });
  const tellPrivately = createPrivateTeller({
    workspace,
    channel: askedIn,
    user: place.user,
    isDirect: isDirect && askedIn === channel,
    root: askedIn === channel ? root : null,
    responseUrl,
  });
  const signs = createSigns(parts, place, root, tellPrivately);

  async function rename(title: string, until: AbortSignal): Promise<void> {
    const { knownThreadTs: thread_ts } = root;
    if (thread_ts === null) return;
    await workspace.call('agents.sessions.rename', { channel_id: channel, thread_ts, title }, until);
  }

  return {
    limits: MESSAGE_LIMITS,
    // While the question is yet to be posted, `openMessage` paces both posts itself; otherwise it would wait for the scope
    // that it holds.
    get openScope() {
      return root.isReady ? postScope(team, channel) : selfPacedScope(team, channel);
    },
    // Native streams have limits of their own.
    ...(openStream === null ? { updateScope: updatesScope(team) } : {}),
    get reference() {
      const { questionTs, knownThreadTs: threadTs } = root;
      const standing: RootPlace = { kind: 'standing', questionTs, threadTs };
      return JSON.stringify({ ...place, root: root.isReady ? standing : place.root, streamTs });
    },
    keepsMarks: true,
    caveat: `Slash commands do not work in Slack threads. Mention me with the command instead: \`@${workspace.botName} /model …\`, \`/stop\` or \`/forget\`.`,
    isPrivate: place.isPrivate,
    isOverheard: !isDirect && (place.root.kind === 'posted' || place.root.threadTs !== null),
    rename: isSession ? rename : undefined,
    // An answer in a channel is in a thread already, and a DM is one conversation.
    canContinueInThread: false,
    indicate(activity) {
      signs.indicate(activity);
      if (activity === 'working' && !root.isReady) {
        // A fault appears when the answer opens.
        tasks.run('post the question', () => root.threadTs(signal));
      }
    },
    waits: signs.waits,
    think: signs.think,
    async obstacle() {
      if (isDirect) return null;
      const where = root.knownThreadTs === null ? 'top' : 'thread';
      const reason = await parts.channels.refusalOf(channel, where);
      return reason === null ? null : adviceOn(reason);
    },
    async threadKey(until) {
      const threadTs = await root.threadTs(until);
      return threadTs === null ? null : keyOf(threadTs);
    },
    async openMessage(view, until) {
      until.throwIfAborted();
      try {
        const message = await messages.open(view, until);
        signs.opened();
        return await messages.withFiles(message, view, until);
      } catch (error) {
        throw deliveryError(error);
      }
    },
    tellPrivately,
  };
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
