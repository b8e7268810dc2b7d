import { RESTJSONErrorCodes } from 'discord.js';
import { PassingFault, PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';

/** Discord understood the request and refused it. Contains no token: neither path nor body is kept. */
export class DiscordRefusal extends Error {
  override readonly name = 'DiscordRefusal';
  readonly status: number;
  /** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json; 0 if there is none. */
  readonly code: number;

  constructor(status: number, code: number, reason: string) {
    super(`Discord refused (${status}, code ${code}): ${reason}`);
    this.status = status;
    this.code = code;
  }
}

/** Discord did not answer, or not properly; the outcome of the request is unknown. */
export class DiscordFault extends PassingFault {
  override readonly name = 'DiscordFault';
  readonly code = 'discord_fault';
}

/** Codes that are more precise than their status. */
const GONE = new Map<number, PlaceGone['reason']>([
  [RESTJSONErrorCodes.UnknownWebhook, 'expired'],
  [RESTJSONErrorCodes.UnknownInteraction, 'expired'],
  [RESTJSONErrorCodes.InvalidWebhookToken, 'expired'],
  // A user-installed app may send five follow-ups.
  [RESTJSONErrorCodes.ThisInteractionHasHitTheMaximumNumberOfFollowUpMessages, 'expired'],
  [RESTJSONErrorCodes.InvalidActionOnArchivedThread, 'archived'],
  [RESTJSONErrorCodes.ThreadLocked, 'archived'],
]);

/** The refusal as an error of the reply engine; unchanged if there is no such error. */
export function asDeliveryError(error: unknown): unknown {
  if (!(error instanceof DiscordRefusal)) return error;
  const reason = GONE.get(error.code);
  if (reason) return new PlaceGone(reason, { cause: error });
  switch (error.status) {
    // The content breaks a rule, and would again.
    case 400:
    case 413:
      return new Unshowable(error.message, { cause: error });
    // A retry would fail, and Discord counts it as an invalid request.
    case 401:
    case 403:
      return new PlaceGone('forbidden', { cause: error });
    case 404:
      return new PlaceGone('deleted', { cause: error });
    default:
      return error;
  }
}

/** Whether Discord refused for one of these reasons. */
export function isRefusal(error: unknown, ...codes: readonly RESTJSONErrorCodes[]): boolean {
  return error instanceof DiscordRefusal && codes.includes(error.code);
}

/** Whether the bot lacks a permission, or cannot see the channel. */
export function isForbidden(error: unknown): boolean {
  return error instanceof DiscordRefusal && error.status === 403;
}
