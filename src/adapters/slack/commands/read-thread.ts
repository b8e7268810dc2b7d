import type { ThreadRead } from '../../../core/ports/events.ts';
import { isRefusal } from '../api/errors.ts';
import { readPage } from '../api/history.ts';
import type { SlackContext } from '../context.ts';
import { type QuotedMessage, quotedPart } from '../payloads/message-parts.ts';
import { messagesIn } from '../payloads/read-messages.ts';
import { readerOf } from './pointed-at.ts';

/** Slack lists threads from their beginning, so the newest messages come last; no more pages than this are read. */
const MAX_PAGES = 5;
const PAGE = 200;
/** Messages kept besides the first. */
const NEWEST = 100;

const NO_HISTORY =
  'I cannot read the earlier messages of this thread. Invite me to the channel, or ask an admin to add the history scopes of the app.';

/** The messages of a thread before a given one, or until now, its root first; or only what others wrote since a time. */
export async function readThread(
  slack: SlackContext,
  { channel, threadTs, ts }: { readonly channel: string; readonly threadTs: string; readonly ts?: string },
  sinceMs: number | null,
  signal: AbortSignal,
): Promise<ThreadRead> {
  const { workspace, log } = slack;
  const messages: QuotedMessage[] = [];
  try {
    let cursor = '';
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const range = { latest: ts, limit: PAGE, cursor };
      const page = await readPage(workspace, { channel, threadTs }, range, signal);
      messages.push(...messagesIn(page.messages).filter((message) => message.ts !== ts));
      cursor = page.cursor;
      if (cursor === '') break;
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
  const reader = readerOf(slack);
  return {
    messages: await Promise.all(kept.map((message) => quotedPart(message, 'thread', reader))),
    problem: null,
  };
}
