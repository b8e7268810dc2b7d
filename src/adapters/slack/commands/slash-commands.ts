import { waitAtMost } from '../../../core/kit/deadline.ts';
import { type CommandDeclaration, isAskedInForm } from '../../../core/ports/command.ts';
import { placeAt } from '../api/places.ts';
import type { SlackContext } from '../context.ts';
import type { CommandBody } from '../payloads/payloads.ts';
import { decodeEntities, readOptions } from '../text/inbound-text.ts';
import { toMrkdwn } from '../text/mrkdwn.ts';
import { parseArguments } from './arguments.ts';
import { openForm } from './command-form.ts';
import { runRequest } from './run-command.ts';

/** The id of the action; unique. */
export function commandId({ team_id, trigger_id }: CommandBody): string {
  return `slack:${team_id}/command/${trigger_id}`;
}

/** Passes a slash command to core. Without arguments, a command that takes a model opens a form. */
export async function receiveCommand(
  slack: SlackContext,
  command: CommandDeclaration,
  body: CommandBody,
): Promise<void> {
  const responseUrl = slack.responseUrl(body.response_url);
  const isPrivate = command.reply === 'private';
  const text = (
    isPrivate ? readOptions(body.text, slack.workspace.botUser) : decodeEntities(body.text)
  ).trim();
  if (isAskedInForm(command)) return openSecretForm(slack, command, body, text !== '');
  if (text === '' && Object.values(command.options).some((option) => option.type === 'model')) {
    const context = { channel: body.channel_id, responseUrl: body.response_url };
    const said = isPrivate ? await sayingOf(slack, command, body) : null;
    const intro = said === null ? null : { type: 'section', text: { type: 'mrkdwn', text: toMrkdwn(said) } };
    // A slash command in a channel belongs to no conversation, because they do not work in threads.
    return openForm(slack, command, body.trigger_id, context, { intro, preset: { scope: 'channel' } });
  }
  const parsed = parseArguments(command, text);
  if (!parsed.ok) {
    await responseUrl?.tellPrivately(parsed.problem, null, slack.signal);
    return;
  }
  await runRequest(slack, {
    id: commandId(body),
    command,
    options: parsed.options,
    from: { user: body.user_id, channel: body.channel_id, threadTs: null, responseUrl },
  });
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
  const { workspace, directory, dispatch, signal } = slack;
  const place = placeAt(workspace.team, body.channel_id, null);
  const actor = await directory.actor(body.user_id);
  const admission = await dispatch.mayRun({ command: command.name, actor, place });
  const tellPrivately = (text: string) =>
    slack.responseUrl(body.response_url)?.tellPrivately(text, null, signal);
  if (!admission.ok) return void (await tellPrivately(admission.notice.text));
  const context = { channel: body.channel_id, responseUrl: body.response_url };
  await openForm(slack, command, body.trigger_id, context);
  if (isTypedBehind) await tellPrivately(`\`/${command.name}\` ${TYPED_BEHIND}`);
}

const TYPED_BEHIND =
  'opens a form, so I ignored the text you typed after it. If that was a key, delete it at its provider and create a new one, because Slack keeps the text of commands.';

/** A form must open within three seconds of the action. */
const SAYING_MS = 1_500;

/** A command's output without options; null if it does not come in time. */
async function sayingOf(
  { workspace, dispatch, directory, tasks, clock }: SlackContext,
  { name }: CommandDeclaration,
  body: CommandBody,
): Promise<string | null> {
  let said: string | null = null;
  const place = placeAt(workspace.team, body.channel_id, null);
  const asking = directory.actor(body.user_id).then(async (actor) => {
    said = await dispatch.view({ command: name, actor, place });
  });
  tasks.run('say what stands above a form', () => asking);
  await waitAtMost(clock, SAYING_MS, asking);
  return said;
}
