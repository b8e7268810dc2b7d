import { RESTJSONErrorCodes, Routes, ThreadAutoArchiveDuration } from 'discord.js';
import { DiscordRefusal } from './errors.ts';
import type { DiscordRest } from './rest.ts';

/** Why there can be no thread at a message, as opposed to not now. */
const IMPOSSIBLE = new Set<number>([
  RESTJSONErrorCodes.UnknownMessage,
  RESTJSONErrorCodes.MissingAccess,
  RESTJSONErrorCodes.MissingPermissions,
  RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType,
  RESTJSONErrorCodes.MaximumActiveThreads,
  RESTJSONErrorCodes.MaximumActiveAnnouncementThreads,
]);

/**
 * Opens a thread from a message. It has the message's id.
 *
 * @param title 1 to 100 characters
 */
export async function startThread(
  rest: DiscordRest,
  channelId: string,
  messageId: string,
  title: string,
  signal: AbortSignal,
): Promise<'new' | 'existing' | 'impossible'> {
  const scope = { key: `discord:threads:${channelId}`, limit: 5, windowMs: 5_000 };
  const body = { name: title, auto_archive_duration: ThreadAutoArchiveDuration.OneDay };
  try {
    await rest.insist({ method: 'POST', path: Routes.threads(channelId, messageId), body, scope }, signal);
    return 'new';
  } catch (error) {
    if (!(error instanceof DiscordRefusal)) throw error;
    if (error.code === RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage) return 'existing';
    if (IMPOSSIBLE.has(error.code)) return 'impossible';
    throw error;
  }
}
