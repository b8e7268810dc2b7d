import type { z } from 'zod';
import { clip, sizeOf } from '../../../core/kit/text-size.ts';
import { SIZES } from '../api/sizes.ts';
import { readText } from '../text/inbound-text.ts';
import type { Inbox } from './context.ts';
import type { shortcutBody } from './payloads.ts';
import { openForm } from './slash-commands.ts';

export const ASK_ABOUT = 'ask-about-message';

/** Of a form's memory, which holds ids and an address beside it. */
const MAX_QUOTE_JSON = SIZES.privateMetadata.max - 600;
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
  const memoryOf = (quote: string) =>
    sizeOf(JSON.stringify(quote.replaceAll('\n', '\n> ')), SIZES.privateMetadata.unit);
  while (memoryOf(text.slice(0, maxChars)) > MAX_QUOTE_JSON) {
    maxChars = Math.floor(maxChars * 0.8);
  }
  return clip(text, { max: maxChars, unit: 'utf16' });
}
