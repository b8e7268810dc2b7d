import { z } from 'zod';
import { readPage } from '../api/history.ts';
import type { Workspace } from '../api/workspace.ts';
import { type QuotedMessage, quotedMessage } from './message-parts.ts';

/**
 * The message at a place, with everything it shows; null if it is gone.
 * @throws SlackRefusal
 */
export async function readMessage(
  workspace: Workspace,
  place: { readonly channel: string; readonly ts: string; readonly threadTs: string | null },
  signal: AbortSignal,
): Promise<QuotedMessage | null> {
  const { channel, ts, threadTs } = place;
  // Without `inclusive` there is nothing between two equal ends. A thread's root always comes first.
  const isReply = threadTs !== null && threadTs !== ts;
  const spot = { channel, threadTs: isReply ? threadTs : null };
  const range = { oldest: ts, latest: ts, inclusive: true, limit: isReply ? 2 : 1 };
  return (
    messagesIn((await readPage(workspace, spot, range, signal)).messages).find(
      (message) => message.ts === ts,
    ) ?? null
  );
}

/** Skips messages that cannot be read. */
export function messagesIn(messages: unknown): QuotedMessage[] {
  return z
    .array(z.unknown())
    .parse(messages)
    .flatMap((message) => {
      const parsed = quotedMessage.safeParse(message);
      return parsed.success ? [parsed.data] : [];
    });
}
