import { type MessageContextMenuCommandInteraction, RESTJSONErrorCodes, Routes } from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { isRefusal } from '../rest/errors.ts';
import { handleOnce } from './acknowledge.ts';
import type { Received } from './context.ts';

/** Deletes the answer that a person selected, if core allows it. */
export async function deleteAnswer(received: Received<MessageContextMenuCommandInteraction>): Promise<void> {
  const { discord, dispatch, interaction, signal } = received;
  const { targetMessage: target, channelId, applicationId } = interaction;
  const isGone = (error: unknown) => isRefusal(error, RESTJSONErrorCodes.UnknownMessage);

  async function remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const path = Routes.channelMessage(channelId, key);
      await discord.rest.insist({ method: 'DELETE', path }, signal).catch(ignoring(isGone));
    }
  }

  const isOwn = target.author.id === applicationId || target.applicationId === applicationId;
  await handleOnce(received, { acknowledged: 'thinking', isPrivate: true, answerKey: target.id }, (event) =>
    dispatch.deleteAnswer({ ...event, message: target.id, isOwn, remove }),
  );
}
