import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import { readPage } from '../api/history.ts';
import { SlackUnreachable } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import type { MessageContent } from '../text/message-content.ts';

/** Where a message goes: a thread, or the channel itself. */
export interface Spot {
  readonly channel: string;
  readonly threadTs: string | null;
}

/** Posts one message, once, however often it has to be tried. */
export interface PostOnce {
  /** Whether a try has ended without word, so that the message may stand. */
  readonly isUnclear: boolean;
  /**
   * Resolves to the message's `ts`, and whether it stood there from a try before: its content may be older then.
   * The caller has paced it.
   */
  post(
    content: MessageContent,
    signal: AbortSignal,
  ): Promise<{ readonly ts: string; readonly isOlder: boolean }>;
}

const EVENT_TYPE = 'parley_message';
/** Slack's clock and ours may differ by so much. */
const CLOCK_SKEW_MS = 120_000;
/** Nobody posts more in a thread while one call hangs. */
const MAX_READ_BACK = 200;

const messagesSchema = z.array(
  z.object({
    ts: z.string(),
    metadata: z.object({ event_payload: z.record(z.string(), z.unknown()).optional() }).optional(),
  }),
);

/** Slack has no idempotency key for posts, so each carries an id in its metadata, to be found by after an unclear outcome. */
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
