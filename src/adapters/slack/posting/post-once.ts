import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import type { MessageMark } from '../../../core/ports/surface.ts';
import { messagesAt, type Spot } from '../api/pages.ts';
import { SlackUnreachable } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { MessageContent } from '../text/message-content.ts';
import { metadataOf, readMetadata, WITH_METADATA } from './message-metadata.ts';

/** Posts one message exactly once, over all retries. */
export interface PostOnce {
  /** Whether a try ended without a result, so that the message may exist. */
  readonly isUnclear: boolean;
  /**
   * Resolves to the message's `ts`, and whether an earlier try had posted it, perhaps with older content. The caller has
   * paced it.
   */
  post(
    content: MessageContent,
    signal: AbortSignal,
  ): Promise<{ readonly ts: string; readonly isOlder: boolean }>;
}

/** The possible difference between Slack's clock and ours. */
const CLOCK_SKEW_MS = 120_000;
/** Messages of a page of history. */
const PAGE = 200;

const messageSchema = z.object({
  ts: z.string(),
  bot_id: z.string().optional(),
  metadata: z.unknown().optional(),
});

export interface PostOptions {
  /** Unique for this post. Default: a new one. */
  readonly id?: string | undefined;
  readonly mark?: MessageMark | undefined;
}

/**
 * Slack has no idempotency key for posts, so each has an id in its metadata, by which it is found after an unclear outcome.
 */
export function createPostOnce(
  workspace: Workspace,
  spot: Spot,
  clock: Clock,
  { id = randomUUID(), mark }: PostOptions = {},
): PostOnce {
  let triedAtMs: number | null = null;

  return {
    get isUnclear() {
      return triedAtMs !== null;
    },
    async post(content, signal) {
      if (triedAtMs !== null) {
        const ts = await findPost(workspace, spot, { id, sinceMs: triedAtMs }, signal);
        if (ts !== null) return { ts, isOlder: true };
        triedAtMs = null;
      }
      const startedAtMs = clock.now();
      try {
        const { data } = await workspace.api.call(
          'chat.postMessage',
          {
            channel: spot.channel,
            thread_ts: spot.threadTs,
            ...content,
            metadata: metadataOf({ id, mark }),
            unfurl_links: false,
            unfurl_media: false,
          },
          signal,
        );
        return { ts: textOf(data['ts']), isOlder: false };
      } catch (error) {
        if (error instanceof SlackUnreachable || signal.aborted) triedAtMs = startedAtMs;
        throw error;
      }
    },
  };
}

/** The `ts` of the bot's post with this id, which was not made before `sinceMs`; null if there is none. */
export async function findPost(
  workspace: Workspace,
  spot: Spot,
  { id, sinceMs }: { readonly id: string; readonly sinceMs: number },
  signal: AbortSignal,
): Promise<string | null> {
  const oldest = ((sinceMs - CLOCK_SKEW_MS) / 1000).toFixed(6);
  for await (const raw of messagesAt(workspace, spot, { oldest, limit: PAGE, ...WITH_METADATA }, signal)) {
    const { ts, bot_id, metadata } = messageSchema.parse(raw);
    if (bot_id === workspace.botId && readMetadata(metadata).id === id) return ts;
  }
  return null;
}
