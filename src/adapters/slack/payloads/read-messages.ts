import type { Logger } from 'pino';
import { z } from 'zod';
import type { ThreadRead, ThreadReader } from '../../../core/ports/events.ts';
import type { QuotedPart } from '../../../core/ports/parts.ts';
import { isRefusal } from '../api/errors.ts';
import { messagesAt, type Spot } from '../api/pages.ts';
import type { Workspace } from '../api/workspace.ts';
import { type PartsReader, type QuotedMessage, quotedMessage, quotedPart } from './message-parts.ts';

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
  const range = { oldest: ts, latest: ts, inclusive: true, limit: isReply ? 2 : 1, maxPages: 1 };
  for await (const raw of messagesAt(workspace, spot, range, signal)) {
    const message = quotedMessage.safeParse(raw).data;
    if (message?.ts === ts) return message;
  }
  return null;
}

interface HistoryReader extends PartsReader {
  readonly log: Logger;
}

/** The message on which a form was opened. */
export const pointedAt = z.object({
  ts: z.string(),
  author: z.object({ user: z.string().nullable(), name: z.string() }).nullable(),
  /** As much of its text as a form can keep, in case the bot cannot read it again. */
  text: z.string(),
});

/** The message on which a form was opened: complete if the bot may read it, else the part that the form kept. */
export async function pointedPart(
  reader: HistoryReader,
  channel: string,
  threadTs: string | null,
  about: z.infer<typeof pointedAt>,
  signal: AbortSignal,
): Promise<QuotedPart> {
  try {
    const message = await readMessage(reader.workspace, { channel, ts: about.ts, threadTs }, signal);
    if (message !== null) return await quotedPart(message, 'pointed', reader);
  } catch (error) {
    signal.throwIfAborted();
    reader.log.info({ err: error }, 'could not read the message of a question again');
  }
  return { type: 'quoted', why: 'pointed', author: about.author, text: about.text, files: [] };
}

/** Slack lists threads from their beginning, so the newest messages come last; no more pages than this are read. */
const MAX_PAGES = 5;
const PAGE = 200;
/** Messages kept besides the first. */
const NEWEST = 100;

const NO_HISTORY =
  'I cannot read the earlier messages of this thread. Invite me to the channel, or ask an admin to add the history scopes of the app.';

/** Reads a thread, up to the message `ts` or until now; nothing if there is no thread. */
export function threadReader(
  reader: HistoryReader,
  channel: string,
  threadTs: string | null | undefined,
  ts?: string,
): { readonly readThread?: ThreadReader } {
  if (threadTs === null || threadTs === undefined) return {};
  return { readThread: (sinceMs, signal) => readThread(reader, { channel, threadTs, ts }, sinceMs, signal) };
}

async function readThread(
  reader: HistoryReader,
  { channel, threadTs, ts }: Spot & { readonly ts: string | undefined },
  sinceMs: number | null,
  signal: AbortSignal,
): Promise<ThreadRead> {
  const { workspace, log } = reader;
  const messages: QuotedMessage[] = [];
  try {
    const range = { latest: ts, limit: PAGE, maxPages: MAX_PAGES };
    // Messages that cannot be read are left out.
    for await (const raw of messagesAt(workspace, { channel, threadTs }, range, signal)) {
      const message = quotedMessage.safeParse(raw).data;
      if (message !== undefined && message.ts !== ts) messages.push(message);
    }
  } catch (error) {
    signal.throwIfAborted();
    log.info({ err: error }, 'could not read a thread');
    const isForbidden = isRefusal(error, 'missing_scope', 'not_in_channel', 'channel_not_found');
    const problem = isForbidden ? NO_HISTORY : 'I could not read the earlier messages of this thread.';
    return { messages: [], problem };
  }
  const [root, ...replies] = messages;
  const isNews = ({ ts, bot_id }: QuotedMessage) =>
    sinceMs === null || (Number(ts) * 1_000 > sinceMs && bot_id !== workspace.botId);
  const kept = (root === undefined ? [] : [root, ...replies.slice(-NEWEST)]).filter(isNews);
  return {
    messages: await Promise.all(kept.map((message) => quotedPart(message, 'thread', reader))),
    problem: null,
  };
}
