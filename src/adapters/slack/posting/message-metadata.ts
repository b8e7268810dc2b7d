import { z } from 'zod';
import type { MessageMark } from '../../../core/ports/surface.ts';

const EVENT_TYPE = 'parley_message';

const metadataSchema = z.object({
  event_type: z.literal(EVENT_TYPE),
  event_payload: z.object({
    id: z.string().optional(),
    answer: z.string().optional(),
    index: z.int().nonnegative().optional(),
  }),
});

/** The contents of a message's metadata. */
export interface Metadata {
  /** Identifies a post over all its retries. */
  readonly id?: string | undefined;
  readonly mark?: MessageMark | undefined;
}

/**
 * Metadata in Slack's form. People do not see it, other apps of the workspace can. An edit without metadata keeps it.
 * @see https://docs.slack.dev/messaging/message-metadata
 */
export function metadataOf({ id, mark }: Metadata): object {
  const payload = {
    ...(id !== undefined && { id }),
    ...(mark !== undefined && { answer: mark.answerId, index: mark.index }),
  };
  return { event_type: EVENT_TYPE, event_payload: payload };
}

/** Slack returns metadata to a request with this. It needs no scope beyond those for the messages themselves. */
export const WITH_METADATA = { include_all_metadata: true } as const;

/** The metadata of a message; empty if it is not of Parley's type. Other apps can copy it, so the message must be the bot's own. */
export function readMetadata(metadata: unknown): Metadata {
  const { id, answer, index } = metadataSchema.safeParse(metadata).data?.event_payload ?? {};
  return { id, mark: answer === undefined || index === undefined ? undefined : { answerId: answer, index } };
}
