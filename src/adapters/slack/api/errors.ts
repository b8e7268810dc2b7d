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

/** Refusals of a message's content rather than its place. */
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

/** Whether Slack refused for one of these reasons. */
export function isRefusal(error: unknown, ...reasons: readonly string[]): boolean {
  return error instanceof SlackRefusal && reasons.includes(error.reason);
}

/** Tells the asker who can let the bot post, by Slack's reason. */
const ADVICE: Readonly<Record<string, string>> = {
  not_in_channel: 'I am not in this channel. Invite me with `/invite`, and ask again.',
  channel_not_found: 'I am not in this channel. Invite me with `/invite`, and ask again.',
  is_archived:
    'This channel is archived, so I cannot answer in it. Somebody can unarchive it in the channel’s settings.',
  restricted_action:
    'I may not post in this channel. An admin can allow it in the channel’s settings, under posting permissions.',
  restricted_action_read_only_channel:
    'This channel is read-only, so I cannot answer in it. An admin can let me post in the channel’s settings.',
  restricted_action_thread_only_channel:
    'In this channel I may post only in threads. Ask me in a thread, or have an admin change the posting permissions.',
  restricted_action_thread_locked: 'This thread is locked, so I cannot answer in it. Ask me outside it.',
  restricted_action_non_threadable_channel:
    'This channel has no threads, and I answer in threads. Ask me in another channel or in a direct message.',
  missing_scope:
    'I lack a permission that I need for answers. The operator of this bot has to reinstall the app with its newest manifest.',
  messages_tab_disabled:
    'My messages tab is switched off, so I cannot answer there. The operator of this bot can switch it on in the app’s settings.',
};
const OF_THREAD = new Set(['restricted_action_thread_locked', 'restricted_action_thread_only_channel']);

/** The advice for a place where the bot may not post; null if there is none. */
export function adviceOn(reason: string): string | null {
  return ADVICE[reason] ?? null;
}

/** Whether the bot may not write there, so that the asker must be told elsewhere. */
export function isShut(error: unknown): boolean {
  return (
    error instanceof SlackRefusal && (GONE[error.reason] === 'forbidden' || GONE[error.reason] === 'archived')
  );
}

/** Turns Slack's errors into core's. Anything else stays as it is; core retries that briefly. */
export function deliveryError(error: unknown): unknown {
  if (!(error instanceof SlackRefusal)) return error;
  const gone = GONE[error.reason];
  if (gone !== undefined) {
    const { reason } = error;
    const extent = OF_THREAD.has(reason) || gone === 'deleted' ? 'place' : 'channel';
    return new PlaceGone(gone, { cause: error, advice: adviceOn(reason), extent });
  }
  if (REFUSED_CONTENT.has(error.reason)) return new Unshowable(error.message, { cause: error });
  return error;
}
