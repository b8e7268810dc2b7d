import { RESTJSONErrorCodes, Routes, ThreadAutoArchiveDuration } from 'discord.js';
import { clip } from '../../../core/kit/text/text-size.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import { asDeliveryError, DiscordRefusal, isRefusal } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { SIZES } from '../rest/sizes.ts';

/** A channel allows about 50 new threads in 5 minutes. An answer goes elsewhere rather than wait that long. */
const PATIENCE_MS = 3_000;

/**
 * Discord accepts two names in ten minutes.
 * @throws RateLimited, DiscordRefusal or DiscordFault
 */
export async function renameThread(
  rest: DiscordRest,
  threadId: string,
  title: string,
  signal: AbortSignal,
): Promise<void> {
  const request = {
    method: 'PATCH',
    path: Routes.channel(threadId),
    body: { name: clip(title, SIZES.threadName) },
    scope: { key: `discord:rename:${threadId}`, limit: 2, windowMs: 10 * 60_000 },
    patienceMs: PATIENCE_MS,
    urgency: 'interim',
  } as const;
  await rest.insist(request, signal);
}

/**
 * Opens a thread from a message; its id is the message's. Counts as impossible if Discord refuses it for any reason (a
 * permission, the number of threads, a word in the title), or if it would take too long.
 *
 * @param title at least one character; cut to Discord's limit
 * @throws PlaceGone if the message was deleted
 */
export async function startThread(
  rest: DiscordRest,
  channelId: string,
  messageId: string,
  title: string,
  signal: AbortSignal,
): Promise<'new' | 'existing' | 'impossible'> {
  const request = {
    method: 'POST',
    path: Routes.threads(channelId, messageId),
    body: { name: clip(title, SIZES.threadName), auto_archive_duration: ThreadAutoArchiveDuration.OneDay },
    scope: { key: `discord:threads:${channelId}`, limit: 5, windowMs: 5_000 },
    patienceMs: PATIENCE_MS,
    urgency: 'prepare',
  } as const;
  try {
    await rest.insist(request, signal);
    return 'new';
  } catch (error) {
    if (isRefusal(error, RESTJSONErrorCodes.ThreadAlreadyCreatedForMessage)) return 'existing';
    if (isRefusal(error, RESTJSONErrorCodes.UnknownMessage)) throw asDeliveryError(error);
    if (error instanceof DiscordRefusal || error instanceof RateLimited) return 'impossible';
    throw error;
  }
}
