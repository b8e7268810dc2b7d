import type { Logger } from 'pino';
import type { Clock } from '../../../core/kit/clock.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { LiveMessage, MessageView, Rename, Surface } from '../../../core/ports/surface.ts';
import { deliveryError, isRefusedContent } from '../api/errors.ts';
import { MESSAGE_LIMITS, postScope, selfPacedScope, updatesScope } from '../api/limits.ts';
import type { Workspace } from '../api/workspace.ts';
import type { Root } from '../posting/answer-anchor.ts';
import { createPostOnce, type PostOnce } from '../posting/post-once.ts';
import { createPostedMessage } from '../posting/posted-message.ts';
import type { PrivateTeller } from '../posting/tell-privately.ts';
import { contentOf, notesRefusedFeedback, plainContentOf } from '../text/message-content.ts';
import { createAnswerFiles } from './answer-files.ts';
import type { Indicator } from './indicator.ts';
import type { NativeStreams } from './native-stream.ts';
import type { ThinkingStatus } from './thinking-status.ts';

export interface AnswerSurfaceOptions {
  readonly workspace: Workspace;
  readonly channel: string;
  readonly root: Root;
  readonly indicator: Indicator;
  readonly thinking: ThinkingStatus;
  readonly tellPrivately: PrivateTeller;
  /** Shows the question's place in the queue; null removes it. */
  readonly waits: (words: string | null) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** Slack's own streaming, if only one person reads; null if others would have to wait for the end. */
  readonly streams: NativeStreams | null;
  readonly isPrivate: boolean;
  /** As `Surface.obstacle`. */
  readonly obstacle: (signal: AbortSignal) => Promise<string | null>;
  /** Whether it is in a thread that others read and write in. */
  readonly isOverheard: boolean;
  /** `Place.key` of the thread that the answer ties to its conversation; null if none. */
  readonly threadKeyOf: (threadTs: string) => string | null;
  /** The reference to this place, as it is now. */
  readonly reference: () => string;
  /** As `Surface.rename`. */
  readonly rename?: Rename | undefined;
  /** Does work that must precede the answer, such as posting the question; its faults appear at `open`. */
  readonly prepare: () => void;
}

/** Shows an answer message by message, in a thread or one below the other. */
export function createAnswerSurface(options: AnswerSurfaceOptions): Surface {
  const { workspace, channel, root, indicator, tellPrivately, clock, streams } = options;
  const { team } = workspace;
  const showFiles = createAnswerFiles(workspace, clock, options.log);
  /** The message being opened, over all tries. */
  let opening: { readonly once: PostOnce; isPlain: boolean } | null = null;

  async function post(view: MessageView, threadTs: string | null, signal: AbortSignal): Promise<LiveMessage> {
    const { mark } = view;
    opening ??= { once: createPostOnce(workspace, { channel, threadTs }, clock, { mark }), isPlain: false };
    const attempt = opening;
    const content = attempt.isPlain ? plainContentOf(view) : contentOf(view, workspace.quirks);
    try {
      const { ts, isOlder } = await attempt.once.post(content, signal);
      const threadKey = threadTs === null ? null : options.threadKeyOf(threadTs);
      const message = createPostedMessage(
        workspace,
        { channel, threadTs, ts, threadKey, mark: view.mark },
        isOlder ? null : content,
        clock,
      );
      if (isOlder) {
        await workspace.paced(message.scope, () => message.update(view, signal), signal);
      } else {
        // The post is the message's first write: an edit right after it would cost a call for a word or two.
        (await workspace.enterIfFree(message.scope))?.();
      }
      opening = null;
      return message;
    } catch (error) {
      // Nothing was shown, so the next try may start again as a stream.
      if (error instanceof RateLimited && !attempt.once.isUnclear) opening = null;
      if (notesRefusedFeedback(workspace.quirks, error)) return post(view, threadTs, signal);
      if (attempt.isPlain || !isRefusedContent(error)) throw error;
      attempt.isPlain = true;
      return post(view, threadTs, signal);
    }
  }

  async function open(view: MessageView, threadTs: string | null, signal: AbortSignal): Promise<LiveMessage> {
    if (streams !== null && threadTs !== null && opening === null) {
      const message = await streams.openStream(
        { channel, threadTs, threadKey: options.threadKeyOf(threadTs) },
        view,
        signal,
      );
      if (message !== null) return message;
    }
    return post(view, threadTs, signal);
  }

  function withFiles(message: LiveMessage, threadTs: string | null): LiveMessage {
    const { key, threadKey = null } = message;
    return {
      key,
      threadKey,
      get scope() {
        return message.scope;
      },
      async update(view, signal) {
        await message.update(await showFiles(view, { channel, threadTs }, signal), signal);
      },
    };
  }

  return {
    limits: MESSAGE_LIMITS,
    // While the question is yet to be posted, `open` paces both posts itself; otherwise it would wait for the scope that it
    // holds.
    get openScope() {
      return root.isReady ? postScope(team, channel) : selfPacedScope(team, channel);
    },
    // Native streams have limits of their own.
    ...(streams === null ? { updateScope: updatesScope(team) } : {}),
    get reference() {
      return options.reference();
    },
    keepsMarks: true,
    caveat: `Slash commands do not work in Slack threads. Mention me with the command instead: \`@${workspace.botName} /model …\`, \`/stop\` or \`/forget\`.`,
    isPrivate: options.isPrivate,
    obstacle: options.obstacle,
    isOverheard: options.isOverheard,
    rename: options.rename,
    // An answer in a channel is in a thread already, and a DM is one conversation.
    canContinueInThread: false,
    indicate(activity) {
      // The question is posted once it is admitted; before that there is nothing to put a sign on.
      if (activity !== 'queued') options.waits(null);
      if (activity === 'queued' && !root.isReady) return;
      indicator.show(activity);
      if (activity === 'idle') options.thinking.end(false);
      if (activity === 'working') options.prepare();
    },
    waits: options.waits,
    think: () => options.thinking.showThinking(),
    async threadKey(signal) {
      const threadTs = await root.threadTs(signal);
      return threadTs === null ? null : options.threadKeyOf(threadTs);
    },
    async openMessage(view, signal) {
      signal.throwIfAborted();
      try {
        const wasReady = root.isReady;
        const threadTs = await root.threadTs(signal);
        const write = () => open(view, threadTs, signal);
        const message = wasReady
          ? await write()
          : await workspace.paced(postScope(team, channel), write, signal);
        indicator.opened();
        options.thinking.end(true);
        // Below the text; from here on only its note can change.
        const stands = await showFiles(view, { channel, threadTs }, signal);
        if (stands.note !== view.note) {
          await workspace.paced(message.scope, () => message.update(stands, signal), signal);
        }
        return withFiles(message, threadTs);
      } catch (error) {
        throw deliveryError(error);
      }
    },
    tellPrivately,
  };
}
