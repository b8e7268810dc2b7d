import type { CommandDeclaration } from '../../../core/ports/command.ts';
import type { Place } from '../../../core/ports/events.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { channelKey, messageKey, openThreadKey, placeAt, questionId } from '../api/places.ts';
import { addresseeOf, mentionedIn, readOptions, readText } from '../text/inbound-text.ts';
import { parseArguments } from './arguments.ts';
import type { Inbox } from './context.ts';
import { attachedTo, messageContent } from './message-parts.ts';
import { deletedTsOf, type MessageEvent } from './payloads.ts';
import { readerOf } from './pointed-at.ts';
import { readMessage } from './read-messages.ts';
import { readThread } from './read-thread.ts';
import { runRequest } from './run-command.ts';

/** Messages that people write; what the bot, other bots and Slack itself write never starts an answer. */
const PERSONAL_SUBTYPES = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

/**
 * So long a mention waits for the `message` event of the same message, which has the files. It comes at the same time if the
 * bot is in the channel.
 */
const TWIN_MS = 300;

/** So long after what was said under a post of the bot's, Slack's answer to that post should be there. */
const POST_ANSWER_MS = 1_000;

/** Brings `message` and `app_mention` events to core. Both come for one message; they carry one id. */
export async function receiveMessage(inbox: Inbox, event: MessageEvent): Promise<void> {
  const { workspace, dispatch, directory, surfaces, signal } = inbox;
  const { team, botUser } = workspace;
  const { channel, ts, user, text } = event;
  const deletedTs = deletedTsOf(event);
  if (deletedTs !== null) return dispatch.retract(questionId(team, channel, deletedTs));
  if (!PERSONAL_SUBTYPES.has(event.subtype) || user === undefined || event.bot_id || user === botUser) return;
  // Slack sends a mention again whenever its message is edited, however old that is.
  if (event.edited) return;

  const isDirect = event.channel_type === 'im';
  const isAddressed = isDirect || mentionedIn(text).includes(botUser);
  if (!isAddressed && (event.thread_ts === undefined || addresseeOf(text) !== null)) return;
  const id = questionId(team, channel, ts);
  const isMention = event.type === 'app_mention';
  if (isMention) await surfaces.clock.sleep(TWIN_MS, signal);
  if (!inbox.questions.isNew(id)) return;

  const isTheBots = event.parent_user_id === botUser;
  const rootTs = event.thread_ts ?? (isDirect ? null : ts);
  const found = await inbox.inOrder.run(
    rootTs === null ? channelKey(team, channel) : messageKey(team, channel, rootTs),
    async () => {
      const threadTs = rootTs ?? ((await surfaces.agentView.probe(channel, ts, signal)) ? ts : null);
      const place = placeAt(team, channel, keyIn(threadTs));
      // Most of what is said in threads is not for the bot: nobody is looked up for that.
      if (!isAddressed && !(await isHeard(place))) return null;
      const actor = await directory.actor(user);
      const [said, brought] = await Promise.all([readText(text, botUser, directory), attached()]);
      return { threadTs, place, actor, said, brought };
    },
  );
  if (found === null) return;
  const { threadTs, place, actor, said, brought } = found;
  const surface = createSurfaceFor(surfaces, {
    ...placeUnder({ channel, user, isDirect }, ts, threadTs),
    // A mention that begins a thread ties the whole thread to the conversation.
    ties: isDirect || event.thread_ts !== undefined ? null : 'open thread',
  });
  const meant = isAddressed ? commandIn(inbox.commands, said) : null;
  const command =
    meant?.command.reply === 'private' ? commandIn(inbox.commands, readOptions(text, botUser)) : meant;
  if (command === null) {
    const parts = [{ type: 'text', text: said } as const, ...brought];
    const inThread = isDirect ? undefined : event.thread_ts;
    await dispatch.message({
      id,
      actor,
      place,
      parts,
      addressed: isAddressed,
      surface,
      ...(inThread === undefined
        ? {}
        : { readThread: (reading) => readThread(inbox, { channel, threadTs: inThread, ts }, reading) }),
    });
    return;
  }
  const parsed = parseArguments(command.command, command.text);
  if (!parsed.ok) return surface.tellPrivately({ text: parsed.problem }, signal);
  const { options } = parsed;
  if (options['private'] === true) {
    const request = {
      id,
      command: command.command,
      options,
      user,
      channel,
      responseUrl: null,
      threadTs: null,
      brought,
    };
    return runRequest(inbox, request);
  }
  await dispatch.command({ id, command: command.command.name, options, actor, place, surface, brought });

  /** What came with the message. A mention that came alone does not say: the message itself does. */
  async function attached(): Promise<BroughtPart[]> {
    const threadTs = event.thread_ts ?? null;
    const whole = isMention
      ? await readMessage(workspace, { channel, ts, threadTs }, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          inbox.log.warn({ err: error }, 'the files of a mention could not be looked up');
          return null;
        })
      : null;
    return attachedTo(whole ?? messageContent.parse(event), readerOf(inbox));
  }

  async function isHeard(place: Place): Promise<boolean> {
    if (await dispatch.hears(place)) return true;
    if (!isTheBots) return false;
    // The bot may not have been told yet that this message of its own stands.
    await surfaces.clock.sleep(POST_ANSWER_MS, signal);
    return dispatch.hears(place);
  }

  function keyIn(threadTs: string | null): string {
    if (threadTs === null) return channelKey(team, channel);
    return isAddressed || isTheBots
      ? messageKey(team, channel, threadTs)
      : openThreadKey(team, channel, threadTs);
  }
}

/** A command behind a mention: the way to say one in a thread, where Slack takes no slash commands. */
function commandIn(
  commands: readonly CommandDeclaration[],
  text: string,
): { command: CommandDeclaration; text: string } | null {
  const [, name, rest = ''] = /^\/([a-z0-9-]+)(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
  const command = commands.find((candidate) => candidate.name === name?.toLowerCase());
  return command === undefined ? null : { command, text: rest };
}
