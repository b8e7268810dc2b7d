import { RESTJSONErrorCodes, Routes } from 'discord.js';
import { z } from 'zod';
import { PlaceLocked } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { NoticeFile } from '../../../core/ports/surface.ts';
import { asDeliveryError, DiscordFault, DiscordRefusal, isRefusal } from '../rest/errors.ts';
import { type DiscordRest, GLOBAL, type RestRequest } from '../rest/rest.ts';
import type { MessageBody } from './content.ts';

/** A way to post and edit messages. Throws what `Surface` may throw. */
export interface MessageWriter {
  readonly sendScope: Scope;
  readonly editScope: Scope;
  /** Posts a message; resolves to its id. */
  send(body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<string>;
  /** Edits a message. Files replace its present ones; without files it keeps them. */
  edit(
    messageId: string,
    body: Partial<MessageBody>,
    files: readonly NoticeFile[],
    signal: AbortSignal,
  ): Promise<void>;
}

/** Whether a thread is archived now, as far as the gateway told; false for all else. */
export type IsArchived = (channelId: string) => boolean;

export interface ChannelWriter extends MessageWriter {
  /** Archives a thread again if it was archived during the answer and `edit` had to open it. Best effort. */
  archiveAgain(signal: AbortSignal): Promise<void>;
}

const LOCKED = [RESTJSONErrorCodes.ThreadLocked, RESTJSONErrorCodes.InvalidActionOnArchivedThread] as const;

const messageSchema = z.object({ id: z.string() });

/**
 * Writes through the channel, as the bot. Discord publishes no limits; these are measured by others, and apply until its
 * first response reports the true ones. No other process shares them, because a guild with its threads is on one shard, and
 * DMs are on the first.
 */
export function createChannelWriter(
  rest: DiscordRest,
  channelId: string,
  isArchived: IsArchived = () => false,
): ChannelWriter {
  let isReopened = false;
  const rate = { limit: 5, windowMs: 5_000, within: GLOBAL };
  const sendScope = { ...rate, key: `discord:send:${channelId}` };
  // The last state of an answer need not wait for other answers that still grow.
  const editScope = { ...rate, key: `discord:edit:${channelId}`, reserve: 1 };

  async function post(body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<string> {
    const path = Routes.channelMessages(channelId);
    const wasArchived = isArchived(channelId);
    try {
      const sent = await rest.request({ method: 'POST', path, body, files, scope: sendScope }, signal);
      // A post opens an archived thread, unless it is locked.
      isReopened ||= wasArchived;
      return messageSchema.parse(sent).id;
    } catch (error) {
      if (isRefusal(error, ...LOCKED)) throw new PlaceLocked(channelId, { cause: error });
      // Without Read Message History the bot may post, but not reply.
      if (!isRefusal(error, RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory)) throw error;
      const { message_reference: _, ...plain } = body;
      return post(plain, files, signal);
    }
  }

  async function setArchived(archived: boolean, signal: AbortSignal): Promise<void> {
    const path = Routes.channel(channelId);
    const scope = { key: `discord:archive:${channelId}`, limit: 2, windowMs: 5_000 };
    await rest.insist({ method: 'PATCH', path, body: { archived }, scope }, signal);
  }

  /** Nobody can edit a message in an archived thread. Any member of the thread can unarchive it, unless it is locked. */
  async function edit(
    messageId: string,
    body: Partial<MessageBody>,
    files: readonly NoticeFile[],
    signal: AbortSignal,
  ): Promise<void> {
    const path = Routes.channelMessage(channelId, messageId);
    const request = { method: 'PATCH', path, body, files, scope: editScope } as const;
    try {
      await rest.request(request, signal);
    } catch (error) {
      if (!isRefusal(error, RESTJSONErrorCodes.InvalidActionOnArchivedThread)) throw error;
      await setArchived(false, signal).catch((refusal: unknown) => {
        if (!(refusal instanceof DiscordRefusal) || refusal.status === 404) throw refusal;
        // Only people with Manage Threads can unlock it.
        throw new PlaceLocked(channelId, { cause: refusal });
      });
      isReopened = true;
      await rest.insist(request, signal);
    }
  }

  return {
    sendScope,
    editScope,
    send: (body, files, signal) => delivered(() => post(body, files, signal)),
    edit: (messageId, body, files, signal) => delivered(() => edit(messageId, body, files, signal)),
    async archiveAgain(signal) {
      if (!isReopened) return;
      isReopened = false;
      // Somebody may have archived or deleted it; the answer is shown either way.
      await setArchived(true, signal).catch(() => {});
    },
  };
}

/** The application's webhook for one interaction. */
export interface WebhookWriter extends MessageWriter {
  /** Edits the answer to the interaction, or the message whose button was pressed; resolves to its id. */
  editOriginal(
    body: Partial<MessageBody>,
    files: readonly NoticeFile[],
    signal: AbortSignal,
  ): Promise<string>;
  removeOriginal(signal: AbortSignal): Promise<void>;
}

/**
 * Writes through an interaction's webhook while its token is valid (15 minutes), which uses neither the channel's limits nor
 * the global one.
 */
export function createWebhookWriter(
  rest: DiscordRest,
  interaction: { readonly id: string; readonly applicationId: string; readonly token: string },
): WebhookWriter {
  const { id, applicationId, token } = interaction;
  const scope = { key: `discord:interaction:${id}`, limit: 5, windowMs: 2_000, reserve: 1 };
  const original = Routes.webhookMessage(applicationId, token);
  const call = (request: RestRequest, signal: AbortSignal) =>
    delivered(() => rest.request({ ...request, scope }, signal));
  return {
    sendScope: scope,
    editScope: scope,
    async send(body, files, signal) {
      const path = Routes.webhook(applicationId, token);
      return messageSchema.parse(await call({ method: 'POST', path, body, files }, signal)).id;
    },
    async edit(messageId, body, files, signal) {
      const path = Routes.webhookMessage(applicationId, token, messageId);
      await call({ method: 'PATCH', path, body, files }, signal);
    },
    async editOriginal(body, files, signal) {
      return messageSchema.parse(await call({ method: 'PATCH', path: original, body, files }, signal)).id;
    },
    async removeOriginal(signal) {
      await call({ method: 'DELETE', path: original }, signal);
    },
  };
}

/** Words refusals as `Surface` does. */
export async function delivered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asDeliveryError(error);
  }
}

/** Whether a write may have taken effect although it failed. */
export function isUnclear(error: unknown): boolean {
  return error instanceof DiscordFault;
}
