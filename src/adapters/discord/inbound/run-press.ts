import {
  type ButtonInteraction,
  InteractionResponseType,
  MessageFlags,
  type ModalSubmitInteraction,
} from 'discord.js';
import { type Button, buttonRow, isPress, type PressKind } from '../../../core/ports/buttons.ts';
import type { Dispatch, Press, Suggestion } from '../../../core/ports/events.ts';
import { parseButton } from '../answers/content.ts';
import { createWebhookWriter } from '../answers/message-writers.ts';
import { postNotice } from '../answers/post-notice.ts';
import { renameThread, startThread } from '../answers/threads.ts';
import { type BotMay, mayOpenThread } from '../gateway/permissions.ts';
import { interactionActor, interactionPlace } from '../gateway/places.ts';
import type { DiscordRest } from '../rest/rest.ts';
import type { Acknowledge } from './acknowledge.ts';
import { buttonOfForm, pressFormOf, readForm } from './form.ts';
import type { CommandRunner } from './run-command.ts';
import type { SurfaceOf } from './surface-of.ts';

/** Presses on buttons under answers, including those with a form. */
export interface PressRunner {
  press(interaction: ButtonInteraction, receivedAtMs: number, signal: AbortSignal): Promise<void>;
  /** Handles a filled form; false if it is not a button's. */
  submit(interaction: ModalSubmitInteraction, receivedAtMs: number, signal: AbortSignal): Promise<boolean>;
}

export interface PressRunnerOptions {
  readonly rest: DiscordRest;
  readonly dispatch: Dispatch;
  readonly caveat: string | undefined;
  readonly acknowledge: Acknowledge;
  readonly surfaceOf: SurfaceOf;
  readonly commands: Pick<CommandRunner, 'useButton'>;
}

/** For buttons that are too old, or not ours. */
export const DEAD_BUTTON = 'This button has expired. Ask again with `/ask`.';

const WELCOME = {
  all: 'Write here to continue. You do not need to mention me.',
  mentions: 'Mention me here to continue.',
};

type Pressed = ButtonInteraction | ModalSubmitInteraction;

export function createPressRunner(options: PressRunnerOptions): PressRunner {
  const { rest, dispatch, acknowledge, surfaceOf } = options;
  const patient = { ...rest, request: rest.insist };

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

  /** The things that a press may do to the pressed message and around it. */
  function deedsAt(
    interaction: Pressed,
    message: { readonly id: string; readonly channelId: string; readonly isPrivate: boolean },
  ): Pick<Press, 'retire' | 'openThread' | 'renameThread'> {
    return {
      async retire(signal) {
        await createWebhookWriter(patient, interaction).editOriginal({ components: [] }, [], signal);
      },
      async openThread(title, signal) {
        const may: BotMay = (permission) => interaction.appPermissions.has(permission);
        const isPossible = interaction.inCachedGuild() && mayOpenThread(interaction.channel?.type, may);
        if (message.isPrivate || !isPossible) return null;
        const opened = await startThread(rest, message.channelId, message.id, title, signal);
        if (opened === 'impossible') return null;
        if (opened === 'new') {
          const text = WELCOME[options.caveat === undefined ? 'all' : 'mentions'];
          await postNotice(rest, message.id, { text, nonce: interaction.id }, signal);
        }
        return message.id;
      },
      renameThread: (title, signal) => renameThread(rest, message.id, title, signal),
    };
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
    const surface = surfaceOf(interaction, { acknowledged: 'silent', isPrivate }, receivedAtMs);
    const response = { type: InteractionResponseType.DeferredMessageUpdate };
    await acknowledge.once(
      { interaction, answerKey: id, surface, response },
      (event) =>
        dispatch.press({
          ...event,
          button: button.kind,
          answerId: button.answerId,
          given,
          ...deedsAt(interaction, { id, channelId, isPrivate }),
        }),
      signal,
    );
  }

  return {
    async press(interaction, receivedAtMs, signal) {
      const button = parseButton(interaction.customId);
      if (button === null) return acknowledge.refuse(interaction, DEAD_BUTTON, signal);
      if (!isPress(button)) return options.commands.useButton(interaction, button.kind, receivedAtMs, signal);
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
