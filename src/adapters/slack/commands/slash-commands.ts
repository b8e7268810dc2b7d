import { waitAtMost } from '../../../core/kit/time/deadline.ts';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { placeAt } from '../api/places.ts';
import type { SlackContext } from '../context.ts';
import type { CommandBody } from '../payloads/payloads.ts';
import { decodeEntities, readOptions } from '../text/inbound-text.ts';
import { toMrkdwn } from '../text/mrkdwn.ts';
import { parseArguments } from './arguments.ts';
import { openForm } from './command-form.ts';
import { runRequest } from './run-command.ts';

/** Passes a slash command to core. Without arguments, a command that takes a model opens a form. */
export async function receiveCommand(
  slack: SlackContext,
  id: string,
  command: CommandDeclaration,
  body: CommandBody,
): Promise<void> {
  const isPrivate = command.reply === 'private';
  const text = (
    isPrivate ? readOptions(body.text, slack.workspace.botUser) : decodeEntities(body.text)
  ).trim();
  if (isAskedInForm(command)) return openSecretForm(slack, command, body, text !== '');
  if (text === '' && Object.values(command.options).some((option) => option.type === 'model')) {
    const said = isPrivate ? await sayingOf(slack, command, body) : null;
    const intro = said === null ? null : { type: 'section', text: { type: 'mrkdwn', text: toMrkdwn(said) } };
    // A slash command in a channel belongs to no conversation, because they do not work in threads.
    return openForm(slack, command, body, { intro, preset: { scope: 'channel' } });
  }
  const parsed = parseArguments(command, text);
  if (parsed.ok) await runRequest(slack, { id, command, options: parsed.options, from: body });
  else await tell(slack, body, parsed.problem);
}

async function tell(slack: SlackContext, { responseUrl }: CommandBody, text: string): Promise<void> {
  await slack.responseUrl(responseUrl)?.tellPrivately(text, null, slack.signal);
}

/**
 * A form for values that must not be typed after a command. The person's permission is checked first, so that nobody fills it
 * in for nothing.
 */
async function openSecretForm(
  slack: SlackContext,
  command: CommandDeclaration,
  body: CommandBody,
  isTypedBehind: boolean,
): Promise<void> {
  const { workspace, directory, dispatch } = slack;
  const place = placeAt(workspace.team, body.channel, null);
  const actor = await directory.actor(body.user);
  const refusal = await dispatch.refusalOfCommand({ command: command.name, actor, place });
  if (refusal !== null) return tell(slack, body, refusal);
  await openForm(slack, command, body);
  if (isTypedBehind) await tell(slack, body, `\`/${command.name}\` ${TYPED_BEHIND}`);
}

const TYPED_BEHIND =
  'opens a form, so I ignored the text you typed after it. If that was a key, delete it at its provider and create a new one, because Slack keeps the text of commands.';

/** A form must open within three seconds of the action. */
const SAYING_MS = 1_500;

/** A command's output without options; null if it does not come in time. */
async function sayingOf(
  { workspace, dispatch, directory, tasks, clock }: SlackContext,
  { name }: CommandDeclaration,
  { channel, user }: CommandBody,
): Promise<string | null> {
  let said: string | null = null;
  const place = placeAt(workspace.team, channel, null);
  const asking = directory.actor(user).then(async (actor) => {
    said = await dispatch.view({ command: name, actor, place });
  });
  tasks.run('say what stands above a form', () => asking);
  await waitAtMost(clock, SAYING_MS, asking);
  return said;
}
