import { ignoring } from '../../../core/kit/or-log.ts';
import { clip, sizeOf } from '../../../core/kit/text/text-size.ts';
import { type CommandDeclaration, optionsForOne } from '../../../core/ports/command.ts';
import { isRefusal } from '../api/errors.ts';
import { messageKey, placeAt } from '../api/places.ts';
import { SIZES } from '../api/sizes.ts';
import type { SlackContext } from '../context.ts';
import { quotedPart } from '../payloads/message-parts.ts';
import type { ShortcutBody } from '../payloads/payloads.ts';
import { threadReader } from '../payloads/read-messages.ts';
import { openForm } from './command-form.ts';
import { type Asker, runRequest, surfaceFor } from './run-command.ts';

export const ASK_ABOUT = 'ask-about-message';
export const DELETE_ANSWER = 'delete-answer';

/** The room for a quote in a form, besides ids, a name and an address. */
const MAX_QUOTE_JSON = SIZES.privateMetadata.max - 800;
const MAX_QUOTE = 1_800;

/** Opens the form of `/ask` with the selected message. */
export async function receiveShortcut(slack: SlackContext, body: ShortcutBody): Promise<void> {
  const command = slack.commands.find(({ reply }) => reply === 'answer');
  if (command === undefined) return;
  const { message } = body;
  const { text, author, files } = await quotedPart(message, 'pointed', slack);
  const shown = quotable(text);
  const named = [shown, ...files.map(({ name }) => `[${name}]`)].filter((line) => line !== '').join('\n');
  const who = author === null ? 'This is about a message:' : `This is about a message by ${author.name}:`;
  const preview = { type: 'plain_text', text: clip(`${who}\n${named}`, SIZES.section), emoji: false };
  const from = { ...body, threadTs: body.threadTs ?? message.ts };
  await openForm(slack, command, from, {
    intro: { type: 'section', text: preview },
    about: { ts: message.ts, author, text: shown },
  });
}

/** The id of a command's shortcut in the menu of messages. */
export function menuOf({ name }: Pick<CommandDeclaration, 'name'>): string {
  return `menu-${name}`;
}

/** Runs a command on a thread, if there is one, for the person alone. */
export async function runOnThread(
  slack: SlackContext,
  id: string,
  command: CommandDeclaration,
  asker: Asker,
): Promise<void> {
  await runRequest(slack, {
    id,
    command,
    options: optionsForOne(command),
    from: { ...asker, threadTs: null },
    ...threadReader(slack, asker.channel, asker.threadTs),
  });
}

/** As much of a message as a form can keep. */
function quotable(text: string): string {
  let maxChars = Math.min(text.length, MAX_QUOTE);
  const memoryOf = (quote: string) => sizeOf(JSON.stringify(quote), SIZES.privateMetadata.unit);
  while (memoryOf(text.slice(0, maxChars)) > MAX_QUOTE_JSON) maxChars = Math.floor(maxChars * 0.8);
  return clip(text, { max: maxChars, unit: 'utf16' });
}

/** Deletes the selected answer, if core allows it. */
export async function receiveDeletion(slack: SlackContext, id: string, body: ShortcutBody): Promise<void> {
  const { workspace, directory, dispatch, signal } = slack;
  const { message, channel, user, threadTs } = body;
  const { team } = workspace;
  const isGone = (error: unknown) => isRefusal(error, 'message_not_found');
  await dispatch.deleteAnswer({
    id,
    actor: await directory.actor(user),
    place: placeAt(team, channel, threadTs === null ? null : messageKey(team, channel, threadTs)),
    // In the channel, because a thread that loses its last reply shows no ephemeral messages.
    surface: surfaceFor(slack, { ...body, threadTs: null }),
    message: messageKey(team, channel, message.ts),
    isOwn: message.bot_id === workspace.botId,
    async remove(keys) {
      for (const key of keys) {
        const ts = key.slice(key.lastIndexOf('/') + 1);
        await workspace.call('chat.delete', { channel, ts }, signal).catch(ignoring(isGone));
      }
    },
  });
}
