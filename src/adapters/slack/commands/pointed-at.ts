import type { QuotedPart } from '../../../core/ports/parts.ts';
import type { Inbox } from '../payloads/context.ts';
import { quotedPart } from '../payloads/message-parts.ts';
import { readMessage } from '../payloads/read-messages.ts';
import type { PointedAt } from './form.ts';

/** The message that a form was opened on: all of it if the bot may read it, else what the form remembers. */
export async function pointedPart(
  inbox: Inbox,
  channel: string,
  threadTs: string | null,
  about: PointedAt,
): Promise<QuotedPart> {
  try {
    const message = await readMessage(inbox.workspace, { channel, ts: about.ts, threadTs }, inbox.signal);
    if (message !== null) return await quotedPart(message, 'pointed', readerOf(inbox));
  } catch (error) {
    inbox.signal.throwIfAborted();
    inbox.log.info({ err: error }, 'a message that a question is about could not be read again');
  }
  return { type: 'quoted', why: 'pointed', author: about.author, text: about.text, files: [] };
}

export function readerOf({ workspace, directory }: Inbox) {
  return { team: workspace.team, botUser: workspace.botUser, directory };
}
