import { type Button, buttonRow, isPress } from '../../../core/ports/buttons.ts';
import type { Press } from '../../../core/ports/events.ts';
import { deliveryError } from '../api/errors.ts';
import { messageKey, placeAt } from '../api/places.ts';
import type { Json } from '../api/web-api.ts';
import { type FilledForm, inputOf, modal, type PressContext, readOptions } from '../commands/forms.ts';
import { surfaceFor } from '../commands/run-command.ts';
import { runOnThread } from '../commands/shortcuts.ts';
import type { SlackContext } from '../context.ts';
import type { PressBody } from '../payloads/payloads.ts';
import { readMessage } from '../payloads/read-messages.ts';
import { rewriteButtons } from '../posting/posted-message.ts';

/** The id of the action; unique. */
export function pressId({ workspace }: SlackContext, kind: Button['kind'], press: PressBody): string {
  const message = messageKey(workspace.team, press.channel, press.messageTs);
  return `${message}/${kind}/${press.user}/${press.pressedAt}`;
}

/**
 * Passes a press on an answer's button to core, which checks the person's rights; a form comes first if the button has one.
 * Some buttons run a command on the thread of their message instead.
 */
export async function receivePress(
  slack: SlackContext,
  id: string,
  button: Button,
  press: PressBody,
): Promise<void> {
  const row = buttonRow(button.kind);
  if (!isPress(button)) {
    const command = slack.commands.find(({ name }) => name === row.command);
    if (command === undefined) throw new TypeError(`no command stands behind the button ${button.kind}`);
    return runOnThread(slack, id, command, press);
  }
  const { channel, threadTs, messageTs, responseUrl, user, shown } = press;
  const { kind, answerId } = button;
  const context = { button: kind, answerId, channel, messageTs, threadTs, responseUrl };
  if (row.form !== undefined) return openPressForm(slack, context, press);
  await bringPress(slack, { id, user, context, given: {}, shown: async () => shown });
}

/** Brings what was filled into a button's form. Core checks it against the table. */
export async function receivePressForm(
  slack: SlackContext,
  { values, ...form }: FilledForm<PressContext>,
): Promise<void> {
  const { button, channel, messageTs: ts, threadTs } = form.context;
  await bringPress(slack, {
    ...form,
    given: readOptions(Object.entries(buttonRow(button).form ?? {}), values),
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
  { user, triggerId }: PressBody,
): Promise<void> {
  const { workspace, directory, dispatch, signal } = slack;
  const { button, answerId } = context;
  const actor = await directory.actor(user);
  const refusal = await dispatch.refusalOfPress({ button, answerId, actor, place: placeOf(slack, context) });
  if (refusal !== null) {
    return surfaceFor(slack, { ...context, user }).tellPrivately({ text: refusal }, signal);
  }
  const { label, form = {} } = buttonRow(button);
  const inputs = Object.entries(form).map(([name, option]) =>
    inputOf(name, option, undefined, 'The same model'),
  );
  const view = modal(label, 'Send', context, inputs);
  await workspace.call('views.open', { trigger_id: triggerId, view }, signal);
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
    surface: surfaceFor(slack, { ...context, user }),
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

function placeOf({ workspace: { team } }: SlackContext, { channel, threadTs }: PressContext): Press['place'] {
  return placeAt(team, channel, messageKey(team, channel, threadTs));
}
