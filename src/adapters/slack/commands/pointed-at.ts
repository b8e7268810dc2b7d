import { z } from 'zod';
import type { QuotedPart } from '../../../core/ports/parts.ts';
import type { SlackContext } from '../context.ts';
import { quotedPart } from '../payloads/message-parts.ts';
import { readMessage } from '../payloads/read-messages.ts';

/** The message on which a form was opened. */
export const pointedAt = z.object({
  ts: z.string(),
  author: z.object({ user: z.string().nullable(), name: z.string() }).nullable(),
  /** As much of its text as a form can keep, in case the bot cannot read it again. */
  text: z.string(),
});

/** The message on which a form was opened: complete if the bot may read it, else the part that the form kept. */
export async function pointedPart(
  slack: SlackContext,
  channel: string,
  threadTs: string | null,
  about: z.infer<typeof pointedAt>,
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
