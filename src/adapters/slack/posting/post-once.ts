import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { MessageMark } from '../../../core/ports/surface.ts';
import type { Spot } from '../api/pages.ts';
import { SlackUnreachable } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { MessageContent } from '../text/message-content.ts';
import { metadataOf, readMetadata, WITH_METADATA } from './message-metadata.ts';
import { oldestAfter, ownMessages } from './read-back.ts';

/** Posts one message exactly once, over all retries. */
export type PostOnce = ReturnType<typeof createPostOnce>;

/** Messages of a page of history. */
const PAGE = 200;

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
) {
  let triedAtMs: number | null = null;

  return {
    /** Whether a try ended without a result, so that the message may exist. */
    get isUnclear() {
      return triedAtMs !== null;
    },
    /**
     * Resolves to the message's `ts`, and whether an earlier try had posted it, perhaps with older content. The caller has
     * paced it.
     */
    async post(content: MessageContent, signal: AbortSignal) {
      if (triedAtMs !== null) {
        const ts = await findPost(workspace, spot, { id, sinceMs: triedAtMs }, signal);
        if (ts !== null) return { ts, isOlder: true };
        triedAtMs = null;
      }
      const startedAtMs = clock.now();
      try {
        const to = { channel: spot.channel, thread_ts: spot.threadTs, metadata: metadataOf({ id, mark }) };
        const args = { ...to, ...content, unfurl_links: false, unfurl_media: false };
        const { data } = await workspace.api.call('chat.postMessage', args, signal);
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
  const range = { oldest: oldestAfter(sinceMs), limit: PAGE, ...WITH_METADATA };
  for await (const { ts, metadata } of ownMessages(workspace, spot, range, signal)) {
    if (readMetadata(metadata).id === id) return ts;
  }
  return null;
}
