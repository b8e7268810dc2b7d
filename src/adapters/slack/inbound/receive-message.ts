import { explain, inOneLine } from '../../../core/chat/words/explain.ts';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { editOf, type PostedMessage } from '../../../core/ports/events.ts';
import { parseArguments } from '../commands/arguments.ts';
import { runRequest } from '../commands/run-command.ts';
import type { SlackContext } from '../context.ts';
import { editIn, type MessageEvent } from '../payloads/payloads.ts';
import { readOptions } from '../text/inbound-text.ts';
import { type Arrived, lookUp } from './look-up.ts';
import { questionIn, surfaceOf } from './question.ts';

/** Passes a claimed message to core. */
export async function receiveMessage(slack: SlackContext, event: MessageEvent): Promise<void> {
  const { dispatch, signal } = slack;
  const edit = editIn(event);
  const question = await questionIn(slack, edit ?? event);
  if (question === null) return;
  try {
    const arrived = await lookUp(slack, question, edit === null);
    if (arrived === null) return;
    const { message } = arrived;
    const command = commandIn(slack, arrived);
    if (command === null) {
      await (edit === null
        ? dispatch.message(message)
        : dispatch.edited({ message, editedAt: edit.edited.ts }));
    } else if (edit === null) {
      // An edited command is not a new command.
      await bringCommand(slack, arrived, command);
    }
  } catch (error) {
    if (signal.aborted) return;
    slack.log.error({ err: error, event: question.id }, 'could not handle a message');
    const text = dispatch.nameOperator(inOneLine(explain(error)));
    await surfaceOf(slack, question, question.rootTs).tellPrivately({ text }, signal);
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
  const arrived = question === null ? null : await lookUp(slack, question, false);
  if (arrived === null) return null;
  const command = commandIn(slack, arrived);
  if (command === null) return arrived.message;
  await bringCommand(slack, arrived, command, Number(event.ts) * 1_000);
  return null;
}

/**
 * Runs a command that was written after a mention.
 *
 * @param writtenAtMs of one that may have been missed; of those only the ones that answer are run
 */
async function bringCommand(
  slack: SlackContext,
  { question, message, brought }: Arrived,
  { command, text }: TypedCommand,
  writtenAtMs?: number,
): Promise<void> {
  const { dispatch, signal } = slack;
  const { id, actor, place, surface, readThread } = message;
  if (isAskedInForm(command)) {
    // Not parsed, because it may be a secret. Dispatch tells the person what to do.
    const options = text === '' ? {} : { text };
    return dispatch.command({ id, command: command.name, options, actor, place, surface });
  }
  if (writtenAtMs !== undefined && command.reply !== 'answer') return;
  const parsed = parseArguments(command, text);
  if (!parsed.ok) return surface.tellPrivately({ text: parsed.problem }, signal);
  const { options } = parsed;
  const more = {
    brought,
    ...(readThread !== undefined && { readThread }),
    ...(writtenAtMs !== undefined && { writtenAtMs }),
  };
  if (options['private'] === true) {
    const { user, event } = question;
    const from = { user, channel: event.channel, threadTs: null, responseUrl: null };
    return runRequest(slack, { id, command, options, from, ...more });
  }
  await dispatch.command({ id, command: command.name, options, actor, place, surface, ...more });
}

interface TypedCommand {
  readonly command: CommandDeclaration;
  /** The text after its name. */
  readonly text: string;
}

/** The command after a mention, which works in threads, where slash commands do not; null if there is none. */
function commandIn(slack: SlackContext, { question, said }: Arrived): TypedCommand | null {
  const find = (text: string) => {
    const [, name, rest = ''] = /^\/([a-z0-9-]+)(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
    const command = slack.commands.find((candidate) => candidate.name === name?.toLowerCase());
    return command === undefined ? null : { command, text: rest };
  };
  const meant = question.isAddressed ? find(said) : null;
  return meant?.command.reply === 'private'
    ? find(readOptions(question.event.text, slack.workspace.botUser))
    : meant;
}
