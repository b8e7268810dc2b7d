import { RESTJSONErrorCodes } from 'discord.js';
import { PassingFault, PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';

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
export class DiscordFault extends PassingFault {
  override readonly name = 'DiscordFault';
  readonly code = 'discord_fault';
}

/** Where a code says more than its status. */
const GONE = new Map<number, PlaceGone['reason']>([
  [RESTJSONErrorCodes.UnknownWebhook, 'expired'],
  [RESTJSONErrorCodes.UnknownInteraction, 'expired'],
  [RESTJSONErrorCodes.InvalidWebhookToken, 'expired'],
  // An app that its user alone brought may send five.
  [RESTJSONErrorCodes.ThisInteractionHasHitTheMaximumNumberOfFollowUpMessages, 'expired'],
  [RESTJSONErrorCodes.InvalidActionOnArchivedThread, 'archived'],
  [RESTJSONErrorCodes.ThreadLocked, 'archived'],
]);

/** The refusal in the reply engine's words; as it is where it has none. */
export function asDeliveryError(error: unknown): unknown {
  if (!(error instanceof DiscordRefusal)) return error;
  const reason = GONE.get(error.code);
  if (reason) return new PlaceGone(reason, { cause: error });
  switch (error.status) {
    // What was sent breaks a rule, and would again.
    case 400:
    case 413:
      return new Unshowable(error.message, { cause: error });
    // To ask again is not only in vain: Discord counts it as an invalid request.
    case 401:
    case 403:
      return new PlaceGone('forbidden', { cause: error });
    case 404:
      return new PlaceGone('deleted', { cause: error });
    default:
      return error;
  }
}

/** Whether Discord refuses for one of these very reasons. */
export function isRefusal(error: unknown, ...codes: readonly RESTJSONErrorCodes[]): boolean {
  return error instanceof DiscordRefusal && codes.includes(error.code);
}

/** Whether the bot lacks a permission, or the sight of the channel. */
export function isForbidden(error: unknown): boolean {
  return error instanceof DiscordRefusal && error.status === 403;
}
