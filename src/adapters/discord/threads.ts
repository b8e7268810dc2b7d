import { RESTJSONErrorCodes, Routes, ThreadAutoArchiveDuration } from 'discord.js';
import { DiscordRefusal, isRefusal } from './errors.ts';
import type { DiscordRest } from './rest.ts';

/**
 * Opens a thread from a message. It has the message's id. Impossible is what Discord refuses, for whatever reason: the
 * permission, the number of threads, a word in the title.
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
    if (isRefusal(error, RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage)) return 'existing';
    if (error instanceof DiscordRefusal) return 'impossible';
    throw error;
  }
}
