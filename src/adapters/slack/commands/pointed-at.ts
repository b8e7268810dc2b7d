import type { QuotedPart } from '../../../core/ports/parts.ts';
import type { SlackContext } from '../payloads/context.ts';
import { quotedPart } from '../payloads/message-parts.ts';
import { readMessage } from '../payloads/read-messages.ts';
import type { PointedAt } from './form.ts';

/** The message on which a form was opened: complete if the bot may read it, else the part that the form kept. */
export async function pointedPart(
  slack: SlackContext,
  channel: string,
  threadTs: string | null,
  about: PointedAt,
): Promise<QuotedPart> {
  try {
    const message = await readMessage(slack.workspace, { channel, ts: about.ts, threadTs }, slack.signal);
    if (message !== null) return await quotedPart(message, 'pointed', readerOf(slack));
  } catch (error) {
    slack.signal.throwIfAborted();
    slack.log.info({ err: error }, 'could not read the message of a question again');
  }
  return { type: 'quoted', why: 'pointed', author: about.author, text: about.text, files: [] };
}

export function readerOf({ workspace, directory }: SlackContext) {
  return { team: workspace.team, botUser: workspace.botUser, directory };
}
