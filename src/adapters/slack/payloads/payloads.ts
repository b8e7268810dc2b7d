import { z } from 'zod';
import { asArray, asObject, asText, type JsonObject } from '../../../core/kit/json.ts';
import { type Button, isButtonKind } from '../../../core/ports/buttons.ts';
import { FEEDBACK_ACTION, parseFeedback } from '../text/message-content.ts';
import { messageContent, quotedMessage } from './message-parts.ts';

/** Slack's payloads, as far as they are used. */

/** The workspace that an event was sent for: the one that installed the app, even in shared channels. */
export function teamOf(body: unknown): string | null {
  const sent = asObject(body);
  return asText(asObject(asArray(sent?.['authorizations'])[0])?.['team_id']) ?? asText(sent?.['team_id']);
}

/** The unparsed event, if it has one of these types; else null. */
export function eventIn(body: unknown, ...types: readonly string[]): JsonObject | null {
  const event = asObject(asObject(body)?.['event']);
  return types.includes(asText(event?.['type']) ?? '') ? event : null;
}

export const messageEvent = messageContent.extend({
  type: z.string(),
  subtype: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().nullish(),
  channel: z.string(),
  channel_type: z.string().optional(),
  ts: z.string(),
  thread_ts: z.string().optional(),
  parent_user_id: z.string().optional(),
  deleted_ts: z.string().optional(),
  edited: z.object({ ts: z.string() }).optional().catch(undefined),
  /** The deleted or changed message as it was before. */
  previous_message: z
    .object({ blocks: z.array(z.unknown()).optional().catch(undefined) })
    .optional()
    .catch(undefined),
  /** The message that an event is about. */
  message: z.looseObject({ subtype: z.string().optional(), ts: z.string().optional() }).optional(),
});
export type MessageEvent = z.infer<typeof messageEvent>;

/** A message after an edit; null for other events. Slack also repeats the mention of an edited message. */
export function editIn(
  event: MessageEvent,
): (MessageEvent & { readonly edited: { readonly ts: string } }) | null {
  const { type, subtype, channel, channel_type, message } = event;
  const now =
    subtype === 'message_changed'
      ? messageEvent.safeParse({ type, channel, channel_type, ...message }).data
      : event;
  return now?.edited ? { ...now, edited: now.edited } : null;
}

/** The `ts` of a deleted message; if it has replies, Slack replaces it by a tombstone. */
export function deletedTsOf({ subtype, deleted_ts, message }: MessageEvent): string | null {
  if (subtype === 'message_changed' && message?.subtype === 'tombstone') return message.ts ?? null;
  return subtype === 'message_deleted' ? (deleted_ts ?? null) : null;
}

/** Whether a message was a growing answer: where a workspace forbids edits, the bot itself replaces it. */
export function wasGrowing({ previous_message: before }: MessageEvent): boolean {
  return JSON.stringify(before?.blocks ?? []).includes('"action_id":"stop"');
}

/** Something that a person did: who it was, and where. */
export interface Deed {
  /** The workspace that it was sent for; null if the app is installed for an organisation. */
  readonly team: string | null;
  readonly user: string;
  readonly channel: string;
  /** The thread of the message that it is about. */
  readonly threadTs: string | null;
  readonly responseUrl: string;
  /** Opens a form, within three seconds. Unique. */
  readonly triggerId: string;
}

export const commandBody = z
  .object({
    team_id: z.string(),
    text: z.string().default(''),
    user_id: z.string(),
    channel_id: z.string(),
    response_url: z.string(),
    trigger_id: z.string(),
  })
  .transform(({ text, ...body }) => ({
    text,
    team: body.team_id,
    user: body.user_id,
    channel: body.channel_id,
    threadTs: null,
    responseUrl: body.response_url,
    triggerId: body.trigger_id,
  }));
export type CommandBody = z.infer<typeof commandBody>;

const id = z.object({ id: z.string() }).transform((named) => named.id);
export const interaction = z.object({
  team: id.nullish().transform((team) => team ?? null),
  user: id,
  trigger_id: z.string().default(''),
});
const block = z.record(z.string(), z.unknown());

export const pressBody = interaction
  .extend({
    channel: id,
    container: z.object({ message_ts: z.string(), thread_ts: z.string().optional() }),
    message: z.object({
      text: z.string().default(''),
      thread_ts: z.string().optional(),
      blocks: z.array(block).default([]),
    }),
    response_url: z.string(),
    actions: z.tuple(
      [z.object({ action_id: z.string(), value: z.string().default(''), action_ts: z.string() })],
      z.unknown(),
    ),
  })
  .transform(({ team, user, channel, container, message, actions: [action], ...body }) => ({
    ...{ team, user, channel },
    threadTs: message.thread_ts ?? container.thread_ts ?? null,
    responseUrl: body.response_url,
    triggerId: body.trigger_id,
    messageTs: container.message_ts,
    shown: { text: message.text, blocks: message.blocks },
    button: buttonIn(action.action_id, action.value),
    pressedAt: action.action_ts,
  }));
export type PressBody = z.infer<typeof pressBody>;

/** The pressed button; null if it is not ours. */
function buttonIn(kind: string, value: string): Button | null {
  if (kind === FEEDBACK_ACTION) return parseFeedback(value);
  return isButtonKind(kind) ? { kind, answerId: value } : null;
}

export const shortcutBody = interaction
  .extend({ channel: id, trigger_id: z.string(), response_url: z.string(), message: quotedMessage })
  .transform(({ team, user, channel, message, ...body }) => ({
    ...{ team, user, channel, message },
    threadTs: message.thread_ts ?? null,
    responseUrl: body.response_url,
    triggerId: body.trigger_id,
  }));
export type ShortcutBody = z.infer<typeof shortcutBody>;

export const viewBody = interaction.extend({
  view: z.object({
    id: z.string(),
    private_metadata: z.string().default(''),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), z.unknown())) }),
  }),
});

export const suggestionBody = interaction.extend({
  action_id: z.string(),
  value: z.string().default(''),
  view: z.object({ private_metadata: z.string().default('') }),
});

export type SuggestionBody = z.infer<typeof suggestionBody>;

export const sessionStoppedEvent = z.object({
  channel: z.string(),
  user: z.string(),
  thread_ts: z.string(),
  event_ts: z.string(),
});
export type SessionStopped = z.infer<typeof sessionStoppedEvent>;

export const memberJoinedEvent = z.object({
  user: z.string(),
  channel: z.string(),
  event_ts: z.string().optional(),
});
export type MemberJoined = z.infer<typeof memberJoinedEvent>;

export const homeOpenedEvent = z.object({ user: z.string(), tab: z.string().default('home') });
