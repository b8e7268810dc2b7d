import { z } from 'zod';
import type { Workspace } from '../api/workspace.ts';
import { type QuotedMessage, quotedMessage } from './message-parts.ts';

const answerSchema = z.object({ messages: z.array(z.unknown()).default([]) });

/** The message at a place with all that it shows; null if it is not there any more. @throws SlackRefusal */
export async function readMessage(
  workspace: Workspace,
  place: { readonly channel: string; readonly ts: string; readonly threadTs: string | null },
  signal: AbortSignal,
): Promise<QuotedMessage | null> {
  const { channel, ts, threadTs } = place;
  // Without `inclusive` there is nothing between two equal ends. A thread's root always comes first.
  const range = { channel, oldest: ts, latest: ts, inclusive: true };
  const isReply = threadTs !== null && threadTs !== ts;
  const answer = isReply
    ? await workspace.call('conversations.replies', { ...range, ts: threadTs, limit: 2 }, signal)
    : await workspace.call('conversations.history', { ...range, limit: 1 }, signal);
  return messagesIn(answer).find((message) => message.ts === ts) ?? null;
}

/** Messages that cannot be read are left out. */
export function messagesIn(answer: unknown): QuotedMessage[] {
  return answerSchema.parse(answer).messages.flatMap((message) => {
    const parsed = quotedMessage.safeParse(message);
    return parsed.success ? [parsed.data] : [];
  });
}
