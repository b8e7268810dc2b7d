import { type MessageContextMenuCommandInteraction, RESTJSONErrorCodes, Routes } from 'discord.js';
import { isRefusal } from '../rest/errors.ts';
import { type Acknowledge, thinking } from './acknowledge.ts';
import type { InteractionContext } from './context.ts';
import { surfaceOf } from './surface-of.ts';

/** Deletes the answer that a person selected, if core allows it. */
export async function deleteAnswer(
  { discord, dispatch }: InteractionContext,
  acknowledge: Acknowledge,
  interaction: MessageContextMenuCommandInteraction,
  receivedAtMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { targetMessage: target, channelId, applicationId } = interaction;
  const kind = { acknowledged: 'thinking', isPrivate: true } as const;
  const surface = surfaceOf(discord, interaction, kind, receivedAtMs);

  async function remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = Routes.channelMessage(channelId, key);
      await discord.rest.insist({ method: 'DELETE', path }, signal).catch((error: unknown) => {
        if (!isRefusal(error, RESTJSONErrorCodes.UnknownMessage)) throw error;
      });
    }
  }

  await acknowledge.handleOnce(
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
}
