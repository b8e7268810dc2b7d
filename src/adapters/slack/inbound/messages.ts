import { explain, inOneLine } from '../../../core/chat/explain.ts';
import { type Address, addresseeOf } from '../../../core/ports/address.ts';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { editOf, NO_RULES, type Place, type PostedMessage } from '../../../core/ports/events.ts';
import type { BroughtPart } from '../../../core/ports/parts.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { channelKey, messageKey, placeAt, questionId } from '../api/places.ts';
import { parseArguments } from '../commands/arguments.ts';
import { readerOf } from '../commands/pointed-at.ts';
import { readThread } from '../commands/read-thread.ts';
import { runRequest } from '../commands/run-command.ts';
import type { SlackContext } from '../payloads/context.ts';
import { attachedTo, messageContent } from '../payloads/message-parts.ts';
import { deletedTsOf, editIn, type MessageEvent, wasGrowing } from '../payloads/payloads.ts';
import { readMessage } from '../payloads/read-messages.ts';
import { addressOf, readOptions, readText } from '../text/inbound-text.ts';

/** Messages that people write; what the bot, other bots and Slack itself write never starts an answer. */
const PERSONAL_SUBTYPES = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

/**
 * So long a mention waits for the `message` event of the same message, which has the files. It comes at the same time if the
 * bot is in the channel.
 */
const TWIN_MS = 300;

/** So long after what was said under a post of the bot's, Slack's answer to that post should be there. */
const POST_ANSWER_MS = 1_000;

/** A message that may be a question, by what its event says alone. */
interface Question {
  readonly event: MessageEvent;
  readonly id: string;
  readonly user: string;
  readonly isDirect: boolean;
  readonly address: Address;
  readonly isAddressed: boolean;
  /** Whether it stands under a message of the bot's. */
  readonly isTheBots: boolean;
  /** The thread that it is in or begins; null for the flow of a DM, and of channels where the bot opens no threads. */
  readonly rootTs: string | null;
}

async function questionIn(
  { workspace, dispatch }: SlackContext,
  event: MessageEvent,
): Promise<Question | null> {
  const { team, botUser } = workspace;
  const { channel, ts, user, text } = event;
  if (!PERSONAL_SUBTYPES.has(event.subtype) || user === undefined || event.bot_id || user === botUser)
    return null;
  const isDirect = event.channel_type === 'im';
  const address = addressOf(text, botUser, isDirect);
  const addressee = addresseeOf(address);
  if (addressee === 'others') return null;
  const rules = isDirect ? NO_RULES : await dispatch.channelRules(placeAt(team, channel, null));
  if (addressee === 'place' && event.thread_ts === undefined && !rules.hearsAll) return null;
  const isFlat = isDirect || rules.inThread === false;
  return {
    event,
    id: questionId(team, channel, ts),
    user,
    isDirect,
    address,
    isAddressed: addressee === 'bot',
    isTheBots: event.parent_user_id === botUser,
    rootTs: event.thread_ts ?? (isFlat ? null : ts),
  };
}

/**
 * Claims a message before Slack is told that it arrived. False if it is done with: delivered before (`message` and `app_mention` both
 * come for one message, with one id), or not for the bot. The order in which messages came to a place is kept.
 *
 * @throws where the store does not take it
 */
export async function claimMessage(
  slack: SlackContext,
  event: MessageEvent,
  onLate: () => void,
): Promise<boolean> {
  const { workspace, dispatch } = slack;
  const edit = editIn(event);
  const question = await questionIn(slack, edit ?? event);
  if (question === null) {
    await retractDeleted(slack, event);
    return false;
  }
  if (edit === null && isAddressedInChannel(question) && event.type === 'message')
    slack.twins.note(question.id, event);
  const { id, user, isDirect, isAddressed, isTheBots, rootTs } = question;
  const { channel, ts } = question.event;
  const threadTs = rootTs ?? (isDirect && slack.agentView.isOn ? ts : null);
  const place = placeAt(workspace.team, channel, keyIn(slack, question, threadTs));
  const surface = createSurfaceFor(slack, placeUnder({ channel, user, isDirect }, ts, threadTs));
  // The bot may not know yet that the message is its own under which this stands: whether it listens there is asked later.
  const addressed = isAddressed || isTheBots;
  if (edit !== null) {
    if (!(await dispatch.wasAsked(id))) return false;
    return dispatch.claim({ id: editOf(id, edit.edited.ts), place, surface, addressed }, onLate);
  }
  const arrival = { id, place, surface, addressed };
  // Behind other claims alone: what is looked up for an earlier message may take longer than Slack waits.
  return slack.inOrder.run(`claim/${placeOf(slack, question)}`, () => dispatch.claim(arrival, onLate));
}

/** All that there is to do about a deletion: it is in the store then. */
async function retractDeleted(
  { workspace: { team }, dispatch }: SlackContext,
  event: MessageEvent,
): Promise<void> {
  const deletedTs = deletedTsOf(event);
  if (deletedTs === null) return;
  const key = wasGrowing(event) ? undefined : messageKey(team, event.channel, deletedTs);
  await dispatch.retract(questionId(team, event.channel, deletedTs), key);
}

/** Brings a message that was claimed to core. */
export async function receiveMessage(slack: SlackContext, event: MessageEvent): Promise<void> {
  const { dispatch, signal } = slack;
  const edit = editIn(event);
  const question = await questionIn(slack, edit ?? event);
  if (question === null) return;
  try {
    await (edit === null
      ? bringQuestion(slack, question)
      : bringQuestion(slack, question, {
          isEdit: true,
          keep: (message) => dispatch.edited({ message, editedAt: edit.edited.ts }),
        }));
  } catch (error) {
    if (signal.aborted) return;
    slack.log.error({ err: error, event: question.id }, 'a message could not be dealt with');
    const { user, isDirect, rootTs } = question;
    const place = placeUnder({ channel: event.channel, user, isDirect }, event.ts, rootTs);
    await createSurfaceFor(slack, place).tellPrivately(
      { text: dispatch.nameOperator(inOneLine(explain(error))) },
      signal,
    );
  } finally {
    slack.twins.forget(question.id);
    await dispatch.dropClaim(edit === null ? question.id : editOf(question.id, edit.edited.ts));
  }
}

/** Reads a message back that may have been missed; null if it is not for the bot. Commands that answer are run at once. */
export async function readMissed(slack: SlackContext, event: MessageEvent): Promise<PostedMessage | null> {
  const question = await questionIn(slack, event);
  let read: PostedMessage | null = null;
  if (question !== null) {
    await bringQuestion(slack, question, {
      isEdit: false,
      keep: async (message) => {
        read = message;
      },
    });
  }
  return read;
}

/** For a message that does not come as a new one: one that was missed, or edited. */
interface Readback {
  /** A command that is edited is no other command. */
  readonly isEdit: boolean;
  /** Takes the message in the place of `Dispatch.message`. */
  readonly keep: (message: PostedMessage) => Promise<void>;
}

async function bringQuestion(slack: SlackContext, question: Question, readBack?: Readback): Promise<void> {
  const { workspace, dispatch, directory, signal } = slack;
  const { team, botUser } = workspace;
  const { event, id, user, isDirect, address, isAddressed, isTheBots, rootTs } = question;
  const { channel, ts, text } = event;
  const isMention = event.type === 'app_mention';
  const found = await slack.inOrder.run(placeOf(slack, question), async () => {
    const takesThread = isDirect && rootTs === null && (await slack.agentView.probe(channel, ts, signal));
    const threadTs = rootTs ?? (takesThread ? ts : null);
    const at = placeAt(team, channel, keyIn(slack, question, threadTs));
    // Most of what is said in threads is not for the bot: nobody is looked up for that.
    if (!isAddressed && !(await isHeard(at))) return null;
    const [actor, place] = await Promise.all([directory.actor(user), directory.named(at, channel)]);
    const [said, brought] = await Promise.all([readText(text, botUser, directory), attached()]);
    return { threadTs, place, actor, said, brought };
  });
  if (found === null) return;
  const { threadTs, place, actor, said, brought } = found;
  const surface = createSurfaceFor(slack, placeUnder({ channel, user, isDirect }, ts, threadTs));
  const meant = isAddressed ? commandIn(slack.commands, said) : null;
  const command =
    meant?.command.reply === 'private' ? commandIn(slack.commands, readOptions(text, botUser)) : meant;
  const inThread = isDirect ? undefined : event.thread_ts;
  const thread =
    inThread === undefined
      ? {}
      : {
          readThread: (reading: AbortSignal) =>
            readThread(slack, { channel, threadTs: inThread, ts }, reading),
        };
  if (command === null) {
    const parts = [{ type: 'text', text: said } as const, ...brought];
    const message: PostedMessage = {
      id,
      actor,
      place,
      parts,
      address,
      surface,
      ...thread,
    };
    await (readBack === undefined ? dispatch.message(message) : readBack.keep(message));
    return;
  }
  if (readBack?.isEdit) return;
  if (isAskedInForm(command.command)) {
    // Not even read: it may be a secret. Dispatch says what to do about it.
    const options = command.text === '' ? {} : { text: command.text };
    return dispatch.command({ id, command: command.command.name, options, actor, place, surface });
  }
  if (readBack !== undefined && command.command.reply !== 'answer') return;
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
      ...thread,
    };
    return runRequest(slack, request);
  }
  await dispatch.command({
    id,
    command: command.command.name,
    options,
    actor,
    place,
    surface,
    brought,
    ...thread,
  });

  /** What came with the message. A mention that came alone does not say: the message itself does. */
  async function attached(): Promise<BroughtPart[]> {
    if (isMention && slack.twins.get(id) === undefined) await slack.clock.sleep(TWIN_MS, signal);
    const twin = slack.twins.get(id);
    if (!isMention || twin !== undefined)
      return attachedTo(messageContent.parse(twin ?? event), readerOf(slack));
    const whole = await readMessage(
      workspace,
      { channel, ts, threadTs: event.thread_ts ?? null },
      signal,
    ).catch((error: unknown) => {
      signal.throwIfAborted();
      slack.log.warn({ err: error }, 'the files of a mention could not be looked up');
      return null;
    });
    return attachedTo(whole ?? messageContent.parse(event), readerOf(slack));
  }

  async function isHeard(place: Place): Promise<boolean> {
    if (await dispatch.hears(place)) return true;
    if (!isTheBots || readBack !== undefined) return false;
    // The bot may not have been told yet that this message of its own stands.
    await slack.clock.sleep(POST_ANSWER_MS, signal);
    return dispatch.hears(place);
  }
}

/** Whether Slack sends an `app_mention` beside the `message` event. */
function isAddressedInChannel({ isAddressed, isDirect }: Question): boolean {
  return isAddressed && !isDirect;
}

/** What is said in one such place is dealt with in order. */
function placeOf({ workspace: { team } }: SlackContext, { event: { channel }, rootTs }: Question): string {
  return rootTs === null ? channelKey(team, channel) : messageKey(team, channel, rootTs);
}

function keyIn(
  { workspace: { team } }: SlackContext,
  { event: { channel }, isDirect }: Question,
  threadTs: string | null,
): string | null {
  if (threadTs !== null) return messageKey(team, channel, threadTs);
  return isDirect ? channelKey(team, channel) : null;
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
