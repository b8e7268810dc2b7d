import { RESTJSONErrorCodes } from 'discord.js';
import { PlaceGone, Unshowable } from '../../core/delivery-errors.ts';

/** Discord understood the request and refuses it. Holds no token: neither the path nor the body is kept. */
export class DiscordRefusal extends Error {
  override readonly name = 'DiscordRefusal';
  readonly status: number;
  /** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json; 0 where there is none. */
  readonly code: number;

  constructor(status: number, code: number, reason: string) {
    super(`Discord refuses (${status}, code ${code}): ${reason}`);
    this.status = status;
    this.code = code;
  }
}

/** Discord did not answer, or not as it should: what became of the request is not known. */
export class DiscordFault extends Error {
  override readonly name = 'DiscordFault';
  readonly code = 'discord_fault';
}

const GONE = new Map<number, PlaceGone['reason']>([
  [RESTJSONErrorCodes.UnknownChannel, 'deleted'],
  [RESTJSONErrorCodes.UnknownGuild, 'deleted'],
  [RESTJSONErrorCodes.UnknownMessage, 'deleted'],
  [RESTJSONErrorCodes.UnknownWebhook, 'expired'],
  [RESTJSONErrorCodes.UnknownInteraction, 'expired'],
  [RESTJSONErrorCodes.InvalidWebhookToken, 'expired'],
  [RESTJSONErrorCodes.MissingAccess, 'forbidden'],
  [RESTJSONErrorCodes.MissingPermissions, 'forbidden'],
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser, 'forbidden'],
  [RESTJSONErrorCodes.InvalidActionOnArchivedThread, 'archived'],
  [RESTJSONErrorCodes.ThreadLocked, 'archived'],
]);

/** The refusal in the reply engine's words; as it is where it has none. */
export function asDeliveryError(error: unknown): unknown {
  if (!(error instanceof DiscordRefusal)) return error;
  const reason = GONE.get(error.code);
  if (reason) return new PlaceGone(reason, { cause: error });
  // 400: what was sent breaks a rule, and would again.
  if (error.status === 400 || error.status === 413) return new Unshowable(error.message, { cause: error });
  return error;
}

/** Whether the bot lacks a permission, or the sight of the channel. */
export function isForbidden(error: unknown): boolean {
  return error instanceof DiscordRefusal && GONE.get(error.code) === 'forbidden';
}
