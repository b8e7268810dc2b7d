import { nextCursor, withCursor } from './pages.ts';
import type { Json } from './web-api.ts';
import type { Workspace } from './workspace.ts';

/** The place of a message: a thread, or with null the channel itself. */
export interface Spot {
  readonly channel: string;
  readonly threadTs: string | null;
}

/**
 * One page of messages, in Slack's form, with the cursor of the next page. An empty cursor stands for the first page, and for
 * the end.
 */
export async function readPage(
  workspace: Pick<Workspace, 'call'>,
  { channel, threadTs }: Spot,
  { cursor = '', ...range }: Json & { readonly cursor?: string },
  signal: AbortSignal,
): Promise<{ readonly messages: unknown; readonly cursor: string }> {
  const args = withCursor({ channel, ...range }, cursor);
  const answer =
    threadTs === null
      ? await workspace.call('conversations.history', args, signal)
      : await workspace.call('conversations.replies', { ...args, ts: threadTs }, signal);
  return { messages: answer['messages'] ?? [], cursor: nextCursor(answer) };
}
