import type { Clock } from '../../../core/kit/clock.ts';
import type { LiveMessage, MessageView } from '../../../core/ports/surface.ts';
import { deliveryError, isRefusal, isRefusedContent } from '../api/errors.ts';
import { messageScope, postScope } from '../api/limits.ts';
import { messageKey } from '../api/places.ts';
import type { Workspace } from '../api/workspace.ts';
import {
  contentOf,
  type MessageContent,
  notesRefusedFeedback,
  plainContentOf,
} from '../text/message-content.ts';
import { createPostOnce } from './post-once.ts';

export interface PostedAt {
  readonly channel: string;
  readonly threadTs: string | null;
  readonly ts: string;
  /** As `LiveMessage.threadKey`. */
  readonly threadKey: string | null;
}

/** A workspace may forbid edits, or allow them for some minutes only. */
const NO_EDITS = ['edit_window_closed', 'cant_update_message'] as const;

/** A message that grows by `chat.update`, each time as a whole. `shown` is its present content; null if unknown. */
export function createPostedMessage(
  workspace: Workspace,
  { channel, threadTs, ts, threadKey }: PostedAt,
  shown: MessageContent | null,
  clock: Clock,
): LiveMessage {
  const { team, api } = workspace;
  let current = shown === null ? null : JSON.stringify(shown);
  /** Slack has refused this message's Markdown, and would again. */
  let isPlain = false;
  /** Set if Slack accepts no more edits: the last state is posted as a new message, once. */
  let replacement: ReturnType<typeof createPostOnce> | null = null;

  async function write(content: MessageContent, isLast: boolean, signal: AbortSignal): Promise<void> {
    const key = JSON.stringify(content);
    if (key === current) return;
    if (replacement === null) {
      // The content after a failed call is unknown.
      current = null;
      try {
        await api.call('chat.update', { channel, ts, ...content, parse: 'none' }, signal);
        current = key;
        return;
      } catch (error) {
        if (!isRefusal(error, ...NO_EDITS)) throw error;
        replacement = createPostOnce(workspace, { channel, threadTs }, clock);
      }
    }
    if (!isLast) return;
    const { post } = replacement;
    await workspace.paced(postScope(team, channel), () => post(content, signal), signal);
    current = key;
    await workspace.call('chat.delete', { channel, ts }, signal).catch(() => {});
  }

  return {
    key: messageKey(team, channel, ts),
    threadKey,
    scope: messageScope(team, channel, ts),
    async update(view: MessageView, signal) {
      signal.throwIfAborted();
      const isLast = view.status !== 'streaming';
      const { quirks } = workspace;
      const content = () => (isPlain ? plainContentOf(view) : contentOf(view, quirks));
      try {
        await write(content(), isLast, signal).catch((error: unknown) => {
          if (notesRefusedFeedback(quirks, error)) return write(content(), isLast, signal);
          throw error;
        });
      } catch (error) {
        if (isPlain || !isRefusedContent(error)) throw deliveryError(error);
        isPlain = true;
        await write(plainContentOf(view), isLast, signal).catch((again: unknown) => {
          throw deliveryError(again);
        });
      }
    },
  };
}
