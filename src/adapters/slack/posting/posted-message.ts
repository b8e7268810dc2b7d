import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import type { LiveMessage, MessageMark, MessageView } from '../../../core/ports/surface.ts';
import { deliveryError, isRefusal, isRefusedContent } from '../api/errors.ts';
import { messageScope, postScope } from '../api/limits.ts';
import { messageKey } from '../api/places.ts';
import type { Json } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { asTyped } from '../text/inbound-text.ts';
import {
  contentOf,
  type MessageContent,
  notesRefusedFeedback,
  plainContentOf,
  shortText,
  withButtons,
} from '../text/message-content.ts';
import { metadataOf } from './message-metadata.ts';
import { createPostOnce } from './post-once.ts';

export interface PostedAt {
  readonly channel: string;
  readonly threadTs: string | null;
  readonly ts: string;
  /** As `LiveMessage.threadKey`. */
  readonly threadKey: string | null;
  /** The mark that it has, which edits keep. Default none. */
  readonly mark?: MessageMark | undefined;
}

/** A workspace may forbid edits, or allow them for some minutes only. */
const NO_EDITS = ['edit_window_closed', 'cant_update_message'] as const;

/** A message that grows by `chat.update`, each time as a whole. `shown` is its present content; null if unknown. */
export function createPostedMessage(
  workspace: Workspace,
  { channel, threadTs, ts, threadKey, mark: markNow }: PostedAt,
  shown: MessageContent | null,
  clock: Clock,
): LiveMessage {
  const { team, api } = workspace;
  let current = shown;
  let marked = markNow;
  /** Slack has refused this message's Markdown, and would again. */
  let isPlain = false;
  /** Set if Slack accepts no more edits: the last state is posted as a new message, once. */
  let replacement: ReturnType<typeof createPostOnce> | null = null;

  async function write(
    content: MessageContent,
    { status, mark }: MessageView,
    signal: AbortSignal,
  ): Promise<void> {
    if (isDeepStrictEqual(content, current)) return;
    if (replacement === null) {
      // The content after a failed call is unknown.
      current = null;
      try {
        const isMarked = mark === undefined || isDeepStrictEqual(mark, marked);
        const metadata = isMarked ? {} : { metadata: metadataOf({ mark }) };
        await api.call('chat.update', { channel, ts, ...content, ...metadata, parse: 'none' }, signal);
        current = content;
        marked = mark;
        return;
      } catch (error) {
        if (!isRefusal(error, ...NO_EDITS)) throw error;
        replacement = createPostOnce(workspace, { channel, threadTs }, clock, { mark });
      }
    }
    if (status === 'streaming') return;
    const { post } = replacement;
    await workspace.paced(postScope(team, channel), () => post(content, signal), signal);
    current = content;
    await workspace.call('chat.delete', { channel, ts }, signal).catch(() => {});
  }

  return {
    key: messageKey(team, channel, ts),
    threadKey,
    scope: messageScope(team, channel, ts),
    async update(view: MessageView, signal) {
      signal.throwIfAborted();
      const { quirks } = workspace;
      const content = () => (isPlain ? plainContentOf(view) : contentOf(view, quirks));
      try {
        await write(content(), view, signal).catch((error: unknown) => {
          if (notesRefusedFeedback(quirks, error)) return write(content(), view, signal);
          throw error;
        });
      } catch (error) {
        if (isPlain || !isRefusedContent(error)) throw deliveryError(error);
        isPlain = true;
        await write(plainContentOf(view), view, signal).catch((again: unknown) => {
          throw deliveryError(again);
        });
      }
    },
  };
}

/** A message in Slack's form. */
interface StandingMessage {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** Replaces a message's buttons and keeps the rest. Rejects as the API client does. */
export async function rewriteButtons(
  workspace: Workspace,
  { channel, ts, text, blocks }: StandingMessage,
  buttons: readonly Button[],
  signal: AbortSignal,
): Promise<void> {
  const content = { text: shortText(asTyped(text)), blocks: withButtons(blocks, buttons, workspace.quirks) };
  await workspace.call('chat.update', { channel, ts, ...content, parse: 'none' }, signal);
}
