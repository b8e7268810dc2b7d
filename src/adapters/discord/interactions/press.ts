import {
  type ButtonInteraction,
  InteractionResponseType,
  MessageFlags,
  type ModalSubmitInteraction,
} from 'discord.js';
import { type Button, buttonRow, isPress, type PressKind } from '../../../core/ports/buttons.ts';
import type { Press, Suggestion } from '../../../core/ports/events.ts';
import { parseButton } from '../answers/content.ts';
import { WebhookWriter } from '../answers/message-writers.ts';
import { postNotice } from '../answers/post-notice.ts';
import { renameThread, startThread } from '../answers/threads.ts';
import { type BotMay, mayOpenThread } from '../gateway/permissions.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { insisting } from '../rest/rest.ts';
import { handleOnce, refuse, respond } from './acknowledge.ts';
import { runOnThread } from './commands.ts';
import type { Received } from './context.ts';
import { pressFormOf } from './form.ts';

/** For buttons that are too old, or not ours. */
export const DEAD_BUTTON = 'This button has expired. Ask again with `/ask`.';

const WELCOME = {
  all: 'Write here to continue. You do not need to mention me.',
  mentions: 'Mention me here to continue.',
};

/** Handles a press on a button under an answer: passes it to core, opens its form, or runs its command. */
export async function press(received: Received<ButtonInteraction>): Promise<void> {
  const { commands, interaction } = received;
  const button = parseButton(interaction.customId);
  if (button === null) return refuse(received, DEAD_BUTTON);
  const { form, command: name } = buttonRow(button.kind);
  if (isPress(button)) {
    return form === undefined ? passPress(received, button, {}) : openForm(received, button);
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw new TypeError(`no command stands behind the button ${button.kind}`);
  await runOnThread(received, interaction.message, command);
}

/** The action waits for the form, which opens only for people who may press the button. */
async function openForm(
  received: Received<ButtonInteraction>,
  { kind, answerId }: Button<PressKind>,
): Promise<void> {
  const { dispatch, interaction } = received;
  const by = {
    actor: interactionActor(interaction),
    place: interactionPlace(interaction, interaction.message.id),
  };
  const button = { button: kind, answerId };
  const refusal = await dispatch.refusalOfPress({ ...by, ...button });
  if (refusal !== null) return refuse(received, refusal);
  const models = new Map<string, readonly Suggestion[]>();
  for (const [option, { type }] of Object.entries(buttonRow(kind).form ?? {})) {
    if (type !== 'model') continue;
    models.set(option, await dispatch.suggest({ ...by, command: button, option, text: '' }));
  }
  await respond(received, InteractionResponseType.Modal, pressFormOf({ kind, answerId }, models));
}

/** @param given the values of the button's form; empty if it has none */
export async function passPress(
  received: Received<ButtonInteraction | ModalSubmitInteraction>,
  { kind, answerId }: Button<PressKind>,
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { message, channelId } = received.interaction;
  if (message === null || channelId === null) return refuse(received, DEAD_BUTTON);
  const { id } = message;
  const isPrivate = message.flags.has(MessageFlags.Ephemeral);
  const deeds = deedsAt(received, { id, channelId, isPrivate });
  await handleOnce(received, { acknowledged: 'silent', isPrivate, answerKey: id }, (event) =>
    received.dispatch.press({ ...event, button: kind, answerId, given, ...deeds }),
  );
}

/** The things that a press may do to the pressed message and around it. */
function deedsAt(
  { discord: { rest, caveat }, interaction }: Received,
  message: { readonly id: string; readonly channelId: string; readonly isPrivate: boolean },
): Pick<Press, 'retire' | 'openThread' | 'renameThread'> {
  return {
    async retire(signal) {
      await new WebhookWriter(insisting(rest), interaction).editOriginal({ components: [] }, [], signal);
    },
    async openThread(title, signal) {
      const may: BotMay = (permission) => interaction.appPermissions.has(permission);
      const isPossible = interaction.inCachedGuild() && mayOpenThread(interaction.channel?.type, may);
      if (message.isPrivate || !isPossible) return null;
      const opened = await startThread(rest, message.channelId, message.id, title, signal);
      if (opened === 'impossible') return null;
      if (opened === 'new') {
        const text = WELCOME[caveat === undefined ? 'all' : 'mentions'];
        await postNotice(rest, message.id, { text, nonce: interaction.id }, signal);
      }
      return message.id;
    },
    renameThread: (title, signal) => renameThread(rest, message.id, title, signal),
  };
}
