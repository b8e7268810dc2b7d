import {
  type ButtonInteraction,
  InteractionResponseType,
  MessageFlags,
  type ModalSubmitInteraction,
} from 'discord.js';
import {
  type Button,
  type ButtonKind,
  buttonRow,
  isPress,
  type PressKind,
} from '../../../core/ports/buttons.ts';
import type { Press, Suggestion } from '../../../core/ports/events.ts';
import { parseButton } from '../answers/content.ts';
import type { DiscordContext } from '../answers/context.ts';
import { createWebhookWriter } from '../answers/message-writers.ts';
import { postNotice } from '../answers/post-notice.ts';
import { renameThread, startThread } from '../answers/threads.ts';
import { type BotMay, mayOpenThread } from '../gateway/permissions.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import { insisting } from '../rest/rest.ts';
import type { Acknowledge } from './acknowledge.ts';
import type { InteractionContext } from './context.ts';
import { buttonOfForm, pressFormOf, readForm } from './form.ts';
import type { CommandRunner } from './run-command.ts';
import { surfaceOf } from './surface-of.ts';

/** Presses on buttons under answers, including those with a form. */
export interface PressRunner {
  press(interaction: ButtonInteraction, receivedAtMs: number, signal: AbortSignal): Promise<void>;
  /** Handles a filled form; false if it is not a button's. */
  submit(interaction: ModalSubmitInteraction, receivedAtMs: number, signal: AbortSignal): Promise<boolean>;
}

/** For buttons that are too old, or not ours. */
export const DEAD_BUTTON = 'This button has expired. Ask again with `/ask`.';

const WELCOME = {
  all: 'Write here to continue. You do not need to mention me.',
  mentions: 'Mention me here to continue.',
};

type Pressed = ButtonInteraction | ModalSubmitInteraction;

export function createPressRunner(
  { discord, dispatch, commands }: InteractionContext,
  acknowledge: Acknowledge,
  runner: CommandRunner,
): PressRunner {
  /** The action waits for the form, which opens only for people who may press the button. */
  async function openForm(
    interaction: ButtonInteraction,
    button: Button<PressKind>,
    signal: AbortSignal,
  ): Promise<void> {
    const { kind, answerId } = button;
    const by = {
      actor: interactionActor(interaction),
      place: interactionPlace(interaction, interaction.message.id),
    };
    const admission = await dispatch.mayPress({ ...by, button: kind, answerId });
    if (!admission.ok) return acknowledge.refuse(interaction, admission.notice.text, signal);
    const models = new Map<string, readonly Suggestion[]>();
    for (const [option, { type }] of Object.entries(buttonRow(kind).form ?? {})) {
      if (type !== 'model') continue;
      const command = { button: kind, answerId };
      models.set(option, await dispatch.suggest({ ...by, command, option, text: '' }));
    }
    const data = pressFormOf(button, models);
    await acknowledge.respond(interaction, { type: InteractionResponseType.Modal, data }, signal);
  }

  /** Runs the command of a button on the thread of its message. */
  async function runCommandOf(
    kind: ButtonKind,
    interaction: ButtonInteraction,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const command = commands.find(({ name }) => name === buttonRow(kind).command);
    if (command === undefined) throw new TypeError(`no command stands behind the button ${kind}`);
    await runner.runOnThreadOf(interaction.message, interaction, command, receivedAtMs, signal);
  }

  async function bring(
    interaction: Pressed,
    button: Button<PressKind>,
    given: Readonly<Record<string, unknown>>,
    receivedAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { message, channelId } = interaction;
    if (message === null || channelId === null) return acknowledge.refuse(interaction, DEAD_BUTTON, signal);
    const { id } = message;
    const isPrivate = message.flags.has(MessageFlags.Ephemeral);
    const kind = { acknowledged: 'silent', isPrivate } as const;
    const surface = surfaceOf(discord, interaction, kind, receivedAtMs);
    const response = { type: InteractionResponseType.DeferredMessageUpdate };
    await acknowledge.handleOnce(
      { interaction, answerKey: id, surface, response },
      (event) =>
        dispatch.press({
          ...event,
          button: button.kind,
          answerId: button.answerId,
          given,
          ...deedsAt(discord, interaction, { id, channelId, isPrivate }),
        }),
      signal,
    );
  }

  return {
    async press(interaction, receivedAtMs, signal) {
      const button = parseButton(interaction.customId);
      if (button === null) return acknowledge.refuse(interaction, DEAD_BUTTON, signal);
      if (!isPress(button)) return runCommandOf(button.kind, interaction, receivedAtMs, signal);
      if (buttonRow(button.kind).form !== undefined) return openForm(interaction, button, signal);
      await bring(interaction, button, {}, receivedAtMs, signal);
    },

    async submit(interaction, receivedAtMs, signal) {
      const button = buttonOfForm(interaction.customId);
      if (button === null) return false;
      await bring(interaction, button, readForm(interaction.fields), receivedAtMs, signal);
      return true;
    },
  };
}

/** The things that a press may do to the pressed message and around it. */
function deedsAt(
  { rest, caveat }: DiscordContext,
  interaction: Pressed,
  message: { readonly id: string; readonly channelId: string; readonly isPrivate: boolean },
): Pick<Press, 'retire' | 'openThread' | 'renameThread'> {
  return {
    async retire(signal) {
      await createWebhookWriter(insisting(rest), interaction).editOriginal({ components: [] }, [], signal);
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
