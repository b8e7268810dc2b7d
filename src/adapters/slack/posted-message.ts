import type { LiveMessage, MessageView } from '../../core/adapter.ts';
import { deliveryError, isRefusedContent } from './errors.ts';
import { methodScope } from './limits.ts';
import { contentOf, type MessageContent, plainContentOf } from './message-content.ts';
import { messageKey } from './places.ts';
import type { Workspace } from './workspace.ts';

export interface PostedAt {
  readonly channel: string;
  readonly ts: string;
  /** The place that came to be with the message: the thread in which it stands. */
  readonly threadKey: string | null;
}

/** A message that grows by `chat.update`, each time whole. `shown` is what it holds; null where that is not known. */
export function createPostedMessage(
  workspace: Workspace,
  { channel, ts, threadKey }: PostedAt,
  shown: MessageContent | null,
): LiveMessage {
  let current = shown === null ? null : JSON.stringify(shown);
  /** Slack has refused this message's Markdown once; it would again. */
  let isPlain = false;

  async function write(content: MessageContent, signal: AbortSignal): Promise<void> {
    const key = JSON.stringify(content);
    if (key === current) return;
    // What stands after a call that fails is not known.
    current = null;
    await workspace.api.call('chat.update', { channel, ts, ...content, parse: 'none' }, signal);
    current = key;
  }

  return {
    key: messageKey(workspace.team, channel, ts),
    threadKey,
    scope: methodScope(workspace.team, 'chat.update'),
    async update(view: MessageView, signal) {
      signal.throwIfAborted();
      try {
        await write(isPlain ? plainContentOf(view) : contentOf(view), signal);
      } catch (error) {
        if (isPlain || !isRefusedContent(error)) throw deliveryError(error);
        isPlain = true;
        await write(plainContentOf(view), signal).catch((again: unknown) => {
          throw deliveryError(again);
        });
      }
    },
  };
}
