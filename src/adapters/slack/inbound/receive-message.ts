import { explain, inOneLine } from '../../../core/chat/words/explain.ts';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { editOf, type PostedMessage } from '../../../core/ports/events.ts';
import type { Surface } from '../../../core/ports/surface.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { parseArguments } from '../commands/arguments.ts';
import { runRequest } from '../commands/run-command.ts';
import type { SlackContext } from '../context.ts';
import { editIn, type MessageEvent } from '../payloads/payloads.ts';
import { readThread } from '../payloads/read-messages.ts';
import { readOptions } from '../text/inbound-text.ts';
import { type LookedUp, lookUp } from './look-up.ts';
import { type Question, questionIn } from './question.ts';

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
    slack.twins.delete(question.id);
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

/** A question that is for the bot, with everything to pass on. */
interface Arrived {
  readonly question: Question;
  readonly found: LookedUp;
  readonly surface: Surface;
  /** For a question in a thread of a channel. */
  readonly thread: Pick<PostedMessage, 'readThread'>;
}

async function bringQuestion(slack: SlackContext, question: Question, readBack?: Readback): Promise<void> {
  const found = await lookUp(slack, question, readBack === undefined);
  if (found === null) return;
  const { event, user, isDirect, isAddressed } = question;
  const { channel, ts, text } = event;
  const place = placeUnder({ channel, user, isDirect }, ts, found.threadTs);
  const surface = createSurfaceFor(slack, place);
  const arrived = { question, found, surface, thread: threadOf(slack, question) };
  const meant = isAddressed ? commandIn(slack.commands, found.said) : null;
  const command =
    meant?.command.reply === 'private'
      ? commandIn(slack.commands, readOptions(text, slack.workspace.botUser))
      : meant;
  if (command === null) await bringMessage(slack, arrived, readBack);
  else if (!readBack?.isEdit) await bringCommand(slack, arrived, command, readBack !== undefined);
}

function threadOf(slack: SlackContext, { event, isDirect }: Question): Arrived['thread'] {
  const { channel, ts, thread_ts: threadTs } = event;
  if (isDirect || threadTs === undefined) return {};
  return {
    readThread: (sinceMs, reading) => readThread(slack, { channel, threadTs, ts }, sinceMs, reading),
  };
}

async function bringMessage(
  slack: SlackContext,
  { question, found, surface, thread }: Arrived,
  readBack: Readback | undefined,
): Promise<void> {
  const { id, address } = question;
  const { actor, place, said, brought } = found;
  const parts = [{ type: 'text', text: said } as const, ...brought];
  const message = { id, actor, place, parts, address, surface, ...thread };
  await (readBack === undefined ? slack.dispatch.message(message) : readBack.keep(message));
}

/** Runs a command that was written after a mention. Of missed ones only those that answer. */
async function bringCommand(
  slack: SlackContext,
  { question, found, surface, thread }: Arrived,
  { command, text }: TypedCommand,
  isMissed: boolean,
): Promise<void> {
  const { dispatch, signal } = slack;
  const { event, id, user } = question;
  const { actor, place, brought } = found;
  if (isAskedInForm(command)) {
    // Not parsed, because it may be a secret. Dispatch tells the person what to do.
    const options = text === '' ? {} : { text };
    return dispatch.command({ id, command: command.name, options, actor, place, surface });
  }
  if (isMissed && command.reply !== 'answer') return;
  const parsed = parseArguments(command, text);
  if (!parsed.ok) return surface.tellPrivately({ text: parsed.problem }, signal);
  const { options } = parsed;
  const more = { brought, ...thread, ...(isMissed && { writtenAtMs: Number(event.ts) * 1_000 }) };
  if (options['private'] === true) {
    const { channel } = event;
    const from = { user, channel, threadTs: null, responseUrl: null };
    return runRequest(slack, { id, command, options, from, ...more });
  }
  await dispatch.command({ id, command: command.name, options, actor, place, surface, ...more });
}

interface TypedCommand {
  readonly command: CommandDeclaration;
  /** The text after its name. */
  readonly text: string;
}

/** A command after a mention, which works in threads, where slash commands do not. */
function commandIn(commands: readonly CommandDeclaration[], text: string): TypedCommand | null {
  const [, name, rest = ''] = /^\/([a-z0-9-]+)(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
  const command = commands.find((candidate) => candidate.name === name?.toLowerCase());
  return command === undefined ? null : { command, text: rest };
}
