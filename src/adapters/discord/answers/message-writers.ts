import { RESTJSONErrorCodes, Routes } from 'discord.js';
import { z } from 'zod';
import { PlaceLocked } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { NoticeFile } from '../../../core/ports/surface.ts';
import { asDeliveryError, DiscordFault, DiscordRefusal, isRefusal } from '../rest/errors.ts';
import { type DiscordRest, GLOBAL, type RestRequest } from '../rest/rest.ts';
import type { MessageBody } from './content.ts';
import type { InteractionPlace } from './references.ts';

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

const LOCKED = [RESTJSONErrorCodes.ThreadLocked, RESTJSONErrorCodes.InvalidActionOnArchivedThread] as const;

const messageSchema = z.object({ id: z.string() });

/**
 * Discord publishes no limits of channels; this one is measured by others, and applies until its first response reports the
 * true one. No other process shares it, because a guild with its threads is on one shard, and DMs are on the first.
 */
const CHANNEL_RATE = { limit: 5, windowMs: 5_000, within: GLOBAL } as const;

/** Writes through the channel, as the bot. */
export class ChannelWriter implements MessageWriter {
  readonly channelId: string;
  readonly #rest: DiscordRest;
  readonly #isArchived: IsArchived;
  #isReopened = false;

  constructor(rest: DiscordRest, channelId: string, isArchived: IsArchived = () => false) {
    this.channelId = channelId;
    this.#rest = rest;
    this.#isArchived = isArchived;
  }

  get sendScope(): Scope {
    return { ...CHANNEL_RATE, key: `discord:send:${this.channelId}` };
  }

  get editScope(): Scope {
    // The last state of an answer need not wait for other answers that still grow.
    return { ...CHANNEL_RATE, key: `discord:edit:${this.channelId}`, reserve: 1 };
  }

  send(body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<string> {
    return delivered(() => this.#post(body, files, signal));
  }

  edit(id: string, body: Partial<MessageBody>, files: readonly NoticeFile[], signal: AbortSignal) {
    const path = Routes.channelMessage(this.channelId, id);
    return delivered(() => this.#edit({ method: 'PATCH', path, body, files, scope: this.editScope }, signal));
  }

  /** Archives a thread again if it was archived during the answer and `edit` had to open it. Best effort. */
  async archiveAgain(signal: AbortSignal): Promise<void> {
    if (!this.#isReopened) return;
    this.#isReopened = false;
    // Somebody may have archived or deleted it; the answer is shown either way.
    await this.#setArchived(true, signal).catch(() => {});
  }

  async #post(body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<string> {
    const path = Routes.channelMessages(this.channelId);
    const wasArchived = this.#isArchived(this.channelId);
    try {
      const request = { method: 'POST', path, body, files, scope: this.sendScope } as const;
      const sent = await this.#rest.request(request, signal);
      // A post opens an archived thread, unless it is locked.
      this.#isReopened ||= wasArchived;
      return messageSchema.parse(sent).id;
    } catch (error) {
      if (isRefusal(error, ...LOCKED)) throw new PlaceLocked(this.channelId, { cause: error });
      // Without Read Message History the bot may post, but not reply.
      if (!isRefusal(error, RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory)) throw error;
      const { message_reference: _, ...plain } = body;
      return this.#post(plain, files, signal);
    }
  }

  /** Nobody can edit a message in an archived thread. Any member of the thread can unarchive it, unless it is locked. */
  async #edit(request: RestRequest, signal: AbortSignal): Promise<void> {
    try {
      await this.#rest.request(request, signal);
    } catch (error) {
      if (!isRefusal(error, RESTJSONErrorCodes.InvalidActionOnArchivedThread)) throw error;
      await this.#setArchived(false, signal).catch((refusal: unknown) => {
        if (!(refusal instanceof DiscordRefusal) || refusal.status === 404) throw refusal;
        // Only people with Manage Threads can unlock it.
        throw new PlaceLocked(this.channelId, { cause: refusal });
      });
      this.#isReopened = true;
      await this.#rest.insist(request, signal);
    }
  }

  async #setArchived(archived: boolean, signal: AbortSignal): Promise<void> {
    const path = Routes.channel(this.channelId);
    const scope = { key: `discord:archive:${this.channelId}`, limit: 2, windowMs: 5_000 };
    await this.#rest.insist({ method: 'PATCH', path, body: { archived }, scope }, signal);
  }
}

type WebhookOf = Pick<InteractionPlace['interaction'], 'id' | 'applicationId' | 'token'>;

/**
 * The application's webhook for one interaction. Works while the token is valid (15 minutes), and uses neither the channel's
 * limits nor the global one.
 */
export class WebhookWriter implements MessageWriter {
  readonly #rest: DiscordRest;
  readonly #interaction: WebhookOf;

  constructor(rest: DiscordRest, interaction: WebhookOf) {
    this.#rest = rest;
    this.#interaction = interaction;
  }

  get sendScope(): Scope {
    return { key: `discord:interaction:${this.#interaction.id}`, limit: 5, windowMs: 2_000, reserve: 1 };
  }

  get editScope(): Scope {
    return this.sendScope;
  }

  async send(body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<string> {
    const { applicationId, token } = this.#interaction;
    const path = Routes.webhook(applicationId, token);
    return messageSchema.parse(await this.#call({ method: 'POST', path, body, files }, signal)).id;
  }

  async edit(id: string, body: Partial<MessageBody>, files: readonly NoticeFile[], signal: AbortSignal) {
    await this.#call({ method: 'PATCH', path: this.#pathOf(id), body, files }, signal);
  }

  /** Edits the answer to the interaction, or the message whose button was pressed; resolves to its id. */
  async editOriginal(body: Partial<MessageBody>, files: readonly NoticeFile[], signal: AbortSignal) {
    const request = { method: 'PATCH', path: this.#pathOf(), body, files } as const;
    return messageSchema.parse(await this.#call(request, signal)).id;
  }

  async removeOriginal(signal: AbortSignal): Promise<void> {
    await this.#call({ method: 'DELETE', path: this.#pathOf() }, signal);
  }

  /** @param messageId default: the original's */
  #pathOf(messageId?: string): RestRequest['path'] {
    const { applicationId, token } = this.#interaction;
    return Routes.webhookMessage(applicationId, token, messageId);
  }

  #call(request: RestRequest, signal: AbortSignal): Promise<unknown> {
    return delivered(() => this.#rest.request({ ...request, scope: this.sendScope }, signal));
  }
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
