import { PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';
import { SlackRefusal } from './web-api.ts';

const GONE: Readonly<Record<string, PlaceGone['reason']>> = {
  message_not_found: 'deleted',
  thread_not_found: 'deleted',
  invalid_thread_ts: 'deleted',
  cannot_reply_to_message: 'deleted',
  channel_not_found: 'forbidden',
  not_in_channel: 'forbidden',
  user_not_in_channel: 'forbidden',
  user_not_found: 'forbidden',
  user_disabled: 'forbidden',
  messages_tab_disabled: 'forbidden',
  restricted_action: 'forbidden',
  restricted_action_read_only_channel: 'forbidden',
  restricted_action_thread_only_channel: 'forbidden',
  restricted_action_thread_locked: 'forbidden',
  restricted_action_non_threadable_channel: 'forbidden',
  ekm_access_denied: 'forbidden',
  missing_scope: 'forbidden',
  invalid_auth: 'forbidden',
  not_authed: 'forbidden',
  token_revoked: 'forbidden',
  token_expired: 'forbidden',
  account_inactive: 'forbidden',
  is_archived: 'archived',
  is_inactive: 'archived',
};

/** Refusals of what a message holds, not of its place. */
const REFUSED_CONTENT = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'markdown_text_conflict',
  'no_text',
  'block_mismatch',
]);

export function isRefusedContent(error: unknown): boolean {
  return error instanceof SlackRefusal && REFUSED_CONTENT.has(error.reason);
}

/** Whether Slack named this as its reason. */
export function isRefusal(error: unknown, ...reasons: readonly string[]): boolean {
  return error instanceof SlackRefusal && reasons.includes(error.reason);
}

/** In the words of core: what is not a gone place or refused content is a passing fault. */
export function deliveryError(error: unknown): unknown {
  if (!(error instanceof SlackRefusal)) return error;
  const gone = GONE[error.reason];
  if (gone !== undefined) return new PlaceGone(gone, { cause: error });
  if (REFUSED_CONTENT.has(error.reason)) return new Unshowable(error.message, { cause: error });
  return error;
}
