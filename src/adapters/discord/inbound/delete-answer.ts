import { type MessageContextMenuCommandInteraction, RESTJSONErrorCodes, Routes } from 'discord.js';
import type { Dispatch } from '../../../core/ports/events.ts';
import { isRefusal } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { type Acknowledge, thinking } from './acknowledge.ts';
import type { SurfaceOf } from './surface-of.ts';

/** Deletes the answer that a person selected, if core allows it. */
export function createAnswerDeleter(options: {
  readonly rest: DiscordRest;
  readonly dispatch: Dispatch;
  readonly acknowledge: Acknowledge;
  readonly surfaceOf: SurfaceOf;
}): (
  interaction: MessageContextMenuCommandInteraction,
  receivedAtMs: number,
  signal: AbortSignal,
) => Promise<void> {
  const { rest, dispatch, acknowledge, surfaceOf } = options;

  return async (interaction, receivedAtMs, signal) => {
    const { targetMessage: target, channelId, applicationId } = interaction;
    const surface = surfaceOf(interaction, { acknowledged: 'thinking', isPrivate: true }, receivedAtMs);

    async function remove(keys: readonly string[]): Promise<void> {
      for (const key of keys) {
        const path = Routes.channelMessage(channelId, key);
        await rest.insist({ method: 'DELETE', path }, signal).catch((error: unknown) => {
          if (!isRefusal(error, RESTJSONErrorCodes.UnknownMessage)) throw error;
        });
      }
    }

    await acknowledge.once(
      { interaction, answerKey: target.id, surface, response: thinking(true) },
      (event) =>
        dispatch.deleteAnswer({
          ...event,
          message: target.id,
          isOwn: target.author.id === applicationId || target.applicationId === applicationId,
          remove,
        }),
      signal,
    );
  };
}
