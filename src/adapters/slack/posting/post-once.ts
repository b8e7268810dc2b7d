import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import { readPage } from '../api/history.ts';
import { SlackUnreachable } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { MessageContent } from '../text/message-content.ts';

/** The target of a message: a thread, or the channel itself. */
export interface Spot {
  readonly channel: string;
  readonly threadTs: string | null;
}

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

const EVENT_TYPE = 'parley_message';
/** The possible difference between Slack's clock and ours. */
const CLOCK_SKEW_MS = 120_000;
/** More posts in a thread during one hanging call are implausible. */
const MAX_READ_BACK = 200;

const messagesSchema = z.array(
  z.object({
    ts: z.string(),
    metadata: z.object({ event_payload: z.record(z.string(), z.unknown()).optional() }).optional(),
  }),
);

/**
 * Slack has no idempotency key for posts, so each has an id in its metadata, by which it is found after an unclear outcome.
 */
export function createPostOnce(workspace: Workspace, spot: Spot, clock: Clock): PostOnce {
  const id = randomUUID();
  let triedAtMs: number | null = null;

  async function findEarlier(sinceMs: number, signal: AbortSignal): Promise<string | null> {
    const window = {
      oldest: ((sinceMs - CLOCK_SKEW_MS) / 1000).toFixed(6),
      limit: MAX_READ_BACK,
      include_all_metadata: true,
    };
    const messages = messagesSchema.parse((await readPage(workspace, spot, window, signal)).messages);
    return messages.find(({ metadata }) => metadata?.event_payload?.['id'] === id)?.ts ?? null;
  }

  return {
    get isUnclear() {
      return triedAtMs !== null;
    },
    async post(content, signal) {
      if (triedAtMs !== null) {
        const ts = await findEarlier(triedAtMs, signal);
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
            metadata: { event_type: EVENT_TYPE, event_payload: { id } },
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
