import type { z } from 'zod';
import { shorten } from '../../../core/kit/text.ts';
import { readText } from '../text/inbound-text.ts';
import type { Inbox } from './context.ts';
import type { shortcutBody } from './payloads.ts';
import { openForm } from './slash-commands.ts';

export const ASK_ABOUT = 'ask-about-message';

/** A form's memory holds 3,000 characters as JSON, the rest of it included. */
const MAX_QUOTE_JSON = 2_400;
const MAX_QUOTE = 1_800;

/** Opens the form of `/ask` with the message that the person pointed at. */
export async function receiveShortcut(inbox: Inbox, body: z.infer<typeof shortcutBody>): Promise<void> {
  const { workspace, directory, commands } = inbox;
  const command = commands.find(({ reply }) => reply === 'answer');
  if (command === undefined) return;
  const { message } = body;
  const said = await readText(message.text, workspace.botUser, directory);
  const author = message.user === undefined ? null : await directory.name(message.user);
  const who = author === null ? 'This is about a message:' : `This is about a message by ${author}:`;
  const shown = quotable(said);
  const context = {
    channel: body.channel.id,
    responseUrl: body.response_url,
    threadTs: message.thread_ts ?? message.ts,
    quote: [who, ...shown.split('\n').map((line) => `> ${line}`)].join('\n'),
  };
  const intro = { type: 'section', text: { type: 'plain_text', text: `${who}\n${shown}`, emoji: false } };
  await openForm(inbox, command, body.trigger_id, context, { intro, preset: {} });
}

/** As much of a message as a form can remember. */
function quotable(text: string): string {
  let maxChars = Math.min(text.length, MAX_QUOTE);
  while (JSON.stringify(text.slice(0, maxChars).replaceAll('\n', '\n> ')).length > MAX_QUOTE_JSON) {
    maxChars = Math.floor(maxChars * 0.8);
  }
  return shorten(text, maxChars);
}
