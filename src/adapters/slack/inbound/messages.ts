import { explain, inOneLine } from '../../../core/chat/answer/explain.ts';
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

/** Subtypes of people's messages; messages of the bot, other bots and Slack itself never start an answer. */
const PERSONAL_SUBTYPES = new Set([undefined, 'file_share', 'thread_broadcast', 'me_message']);

/**
 * How long a mention waits for the `message` event of the same message, which has the files. If the bot is in the channel,
 * both come at the same time.
 */
const TWIN_MS = 300;

/** Slack's response to the bot's post should be here this long after somebody's reply to that post. */
const POST_ANSWER_MS = 1_000;

/** A possible question, from its event alone. */
interface Question {
  readonly event: MessageEvent;
  readonly id: string;
  readonly user: string;
  readonly isDirect: boolean;
  readonly address: Address;
  readonly isAddressed: boolean;
  /** Whether it is under a message of the bot. */
  readonly isTheBots: boolean;
  /** The thread that it is in or begins; null in a DM's main flow, and in channels where the bot opens no threads. */
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
 * Claims a message before it is acknowledged. False if nothing is left to do: it was delivered before (`message` and
 * `app_mention` come for the same message, with the same id), or is not for the bot. Keeps the order of messages in a place.
 *
 * @throws StoreError if the store does not accept it
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
  // The bot may not know its own message above this one yet, so whether it listens there is checked later.
  const addressed = isAddressed || isTheBots;
  if (edit !== null) {
    if (!(await dispatch.wasAsked(id))) return false;
    return dispatch.claim({ id: editOf(id, edit.edited.ts), place, surface, addressed }, onLate);
  }
  const arrival = { id, place, surface, addressed };
  // Ordered after other claims only, because the lookups of an earlier message may take longer than Slack waits.
  return slack.inOrder.run(`claim/${placeOf(slack, question)}`, () => dispatch.claim(arrival, onLate));
}

/** Handles a deletion; resolves once it is in the store. */
async function retractDeleted(
  { workspace: { team }, dispatch }: SlackContext,
  event: MessageEvent,
): Promise<void> {
  const deletedTs = deletedTsOf(event);
  if (deletedTs === null) return;
  const key = wasGrowing(event) ? undefined : messageKey(team, event.channel, deletedTs);
  await dispatch.retract(questionId(team, event.channel, deletedTs), key);
}

/** Passes a claimed message to core. */
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
    slack.log.error({ err: error, event: question.id }, 'could not handle a message');
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

/**
 * Reads a message that may have been missed; null if it is not for the bot. Commands that answer go to core at once, with the
 * time at which they were written.
 */
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

/** For a message that is not new: a missed or edited one. */
interface Readback {
  /** An edited command is not a new command. */
  readonly isEdit: boolean;
  /** Receives the message instead of `Dispatch.message`. */
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
    // Most messages in threads are not for the bot, so nobody is looked up for those.
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
          readThread: (sinceMs: number | null, reading: AbortSignal) =>
            readThread(slack, { channel, threadTs: inThread, ts }, sinceMs, reading),
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
    // Not parsed, because it may be a secret. Dispatch tells the person what to do.
    const options = command.text === '' ? {} : { text: command.text };
    return dispatch.command({ id, command: command.command.name, options, actor, place, surface });
  }
  if (readBack !== undefined && command.command.reply !== 'answer') return;
  const parsed = parseArguments(command.command, command.text);
  if (!parsed.ok) return surface.tellPrivately({ text: parsed.problem }, signal);
  const { options } = parsed;
  const late = readBack === undefined ? {} : { writtenAtMs: Number(ts) * 1_000 };
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
      ...late,
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
    ...late,
  });

  /** The attachments. A mention alone does not list them; the message itself does. */
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
      slack.log.warn({ err: error }, 'could not look up the files of a mention');
      return null;
    });
    return attachedTo(whole ?? messageContent.parse(event), readerOf(slack));
  }

  async function isHeard(place: Place): Promise<boolean> {
    if (await dispatch.hears(place)) return true;
    if (!isTheBots || readBack !== undefined) return false;
    // Slack's response to the bot's own post may not be here yet.
    await slack.clock.sleep(POST_ANSWER_MS, signal);
    return dispatch.hears(place);
  }
}

/** Whether Slack sends an `app_mention` in addition to the `message` event. */
function isAddressedInChannel({ isAddressed, isDirect }: Question): boolean {
  return isAddressed && !isDirect;
}

/** Messages of one such place are handled in order. */
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

/** A command after a mention, which works in threads, where slash commands do not. */
function commandIn(
  commands: readonly CommandDeclaration[],
  text: string,
): { command: CommandDeclaration; text: string } | null {
  const [, name, rest = ''] = /^\/([a-z0-9-]+)(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
  const command = commands.find((candidate) => candidate.name === name?.toLowerCase());
  return command === undefined ? null : { command, text: rest };
}
