import {
  type Button,
  type ButtonKind,
  buttonRow,
  isButtonKind,
  isPress,
} from '../../../core/ports/buttons.ts';
import type { Press } from '../../../core/ports/events.ts';
import { placeUnder } from '../answers/answer-place.ts';
import { createSurfaceFor } from '../answers/surfaces.ts';
import { deliveryError } from '../api/errors.ts';
import { channelKey, messageKey, placeAt } from '../api/places.ts';
import type { Json } from '../api/web-api.ts';
import type { FilledForm } from '../commands/form-inputs.ts';
import { type PressContext, pressFormView, readPressForm } from '../commands/press-form.ts';
import { runOnThread } from '../commands/shortcuts.ts';
import type { SlackContext } from '../context.ts';
import type { PressBody } from '../payloads/payloads.ts';
import { readMessage } from '../payloads/read-messages.ts';
import { rewriteButtons } from '../posting/rewrite-buttons.ts';
import { FEEDBACK_ACTION, parseFeedback } from '../text/message-content.ts';

/** The id of the action; unique. */
export function pressId({ workspace }: SlackContext, kind: ButtonKind, body: PressBody): string {
  const { channel, container, user, actions } = body;
  const message = messageKey(workspace.team, channel.id, container.message_ts);
  return `${message}/${kind}/${user.id}/${actions[0]?.action_ts ?? ''}`;
}

/** The pressed button; null if it is not ours. */
export function buttonOf({ actions }: PressBody): Button | null {
  const [action] = actions;
  if (action === undefined) return null;
  const { action_id: kind, value: answerId } = action;
  if (kind === FEEDBACK_ACTION) return parseFeedback(answerId);
  return isButtonKind(kind) ? { kind, answerId } : null;
}

/** The thread of the message with the button. */
export function threadOf({ message, container }: PressBody): string | null {
  return message.thread_ts ?? container.thread_ts ?? null;
}

/**
 * Passes a press on an answer's button to core, which checks the person's rights; a form comes first if the button has one.
 */
export async function receivePress(slack: SlackContext, button: Button, body: PressBody): Promise<void> {
  const { channel, container, user, message } = body;
  const id = pressId(slack, button.kind, body);
  if (!isPress(button)) return pressCommand(slack, id, button.kind, body);
  const { kind } = button;
  const context: PressContext = {
    button: kind,
    answerId: button.answerId,
    channel: channel.id,
    messageTs: container.message_ts,
    threadTs: threadOf(body),
    responseUrl: body.response_url,
  };
  if (buttonRow(kind).form !== undefined) {
    return openPressForm(slack, context, user.id, body.trigger_id);
  }
  const shown = { text: message.text ?? '', blocks: message.blocks ?? [] };
  await bringPress(slack, {
    id,
    user: user.id,
    context,
    given: {},
    shown: async () => shown,
  });
}

/** Runs the command of a button on the thread of its message. */
async function pressCommand(
  slack: SlackContext,
  id: string,
  kind: ButtonKind,
  body: PressBody,
): Promise<void> {
  const command = slack.commands.find(({ name }) => name === buttonRow(kind).command);
  if (command === undefined) throw new TypeError(`no command stands behind the button ${kind}`);
  const { channel, user, response_url: responseUrl } = body;
  await runOnThread(slack, id, command, {
    user: user.id,
    channel: channel.id,
    threadTs: threadOf(body),
    responseUrl: slack.responseUrl(responseUrl),
  });
}

/** Brings what was filled into a button's form. */
export async function receivePressForm(slack: SlackContext, form: FilledForm<PressContext>): Promise<void> {
  const { id, user, context } = form;
  const { channel, messageTs: ts, threadTs } = context;
  await bringPress(slack, {
    id,
    user,
    context,
    given: readPressForm(form),
    async shown(signal) {
      const message = await readMessage(slack.workspace, { channel, ts, threadTs }, signal);
      return message === null ? null : { text: message.text, blocks: (message.blocks ?? []) as Json[] };
    },
  });
}

/** Opens only for people who may press the button. */
async function openPressForm(
  slack: SlackContext,
  context: PressContext,
  user: string,
  triggerId: string,
): Promise<void> {
  const { workspace, directory, dispatch, signal } = slack;
  const { button, answerId } = context;
  const actor = await directory.actor(user);
  const admission = await dispatch.mayPress({ button, answerId, actor, place: placeOf(slack, context) });
  if (!admission.ok) {
    return surfaceOf(slack, context, user).tellPrivately(admission.notice, signal);
  }
  await workspace.call('views.open', { trigger_id: triggerId, view: pressFormView(context) }, signal);
}

async function bringPress(
  slack: SlackContext,
  press: {
    readonly id: string;
    readonly user: string;
    readonly context: PressContext;
    readonly given: Json;
    /** The message's present content; null if it is gone. */
    readonly shown: (signal: AbortSignal) => Promise<{ text: string; blocks: readonly Json[] } | null>;
  },
): Promise<void> {
  const { workspace, directory, dispatch } = slack;
  const { id, user, context, given } = press;
  const { button, answerId, channel, messageTs: ts } = context;
  await dispatch.press({
    id,
    button,
    answerId,
    given,
    actor: await directory.actor(user),
    place: placeOf(slack, context),
    surface: surfaceOf(slack, context, user),
    async retire(signal) {
      try {
        const shown = await press.shown(signal);
        if (shown !== null) await rewriteButtons(workspace, { channel, ts, ...shown }, [], signal);
      } catch (error) {
        throw deliveryError(error);
      }
    },
    openThread: async () => null,
  });
}

function placeOf(
  { workspace }: SlackContext,
  { channel, threadTs }: Pick<PressContext, 'channel' | 'threadTs'>,
): Press['place'] {
  const { team } = workspace;
  const key = threadTs === null ? channelKey(team, channel) : messageKey(team, channel, threadTs);
  return placeAt(team, channel, key);
}

function surfaceOf(slack: SlackContext, context: PressContext, user: string) {
  const { channel, threadTs } = context;
  return createSurfaceFor(
    slack,
    placeUnder({ channel, user, isDirect: channel.startsWith('D') }, null, threadTs),
    { responseUrl: slack.responseUrl(context.responseUrl) },
  );
}
