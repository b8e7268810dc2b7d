import { z } from 'zod';
import { repeat } from '../../../core/kit/time/repeat.ts';
import type { Away, MissedMessage } from '../../../core/ports/events.ts';
import { messagesAt, pagesOf, type Spot } from '../api/pages.ts';
import type { SlackContext } from '../context.ts';
import { messageEvent } from '../payloads/payloads.ts';
import { readMissed } from './receive-message.ts';

/** After a crash, messages are read again from at most this long before it. */
const ALIVE_EVERY_MS = 15_000;
/** Bounds the reads: each channel and thread costs one of 50 calls a minute. */
const MAX_CHANNELS = 200;
const MAX_THREADS = 50;
const PAGE = 200;
const MAX_PAGES = 3;

const channelsSchema = z.object({
  channels: z.array(z.object({ id: z.string(), is_im: z.boolean().optional() })).default([]),
});
const messageSchema = z.looseObject({ ts: z.string() });

interface MissedSpot extends Spot {
  readonly isDirect: boolean;
}

/** Reads what people wrote while no events came. Redeliveries by Slack have the same ids and are answered once. */
export function createMissed(slack: SlackContext, isConnected: () => boolean) {
  const { workspace, dispatch, clock, log, tasks } = slack;
  const stream = `slack/${workspace.team}`;
  let isCaughtUp = false;

  async function catchUp(): Promise<void> {
    const away = await dispatch.away('slack', stream);
    if (away !== null) {
      const dealtWith: Promise<void>[] = [];
      for await (const spot of spotsOf(slack, away)) {
        dealtWith.push(dispatch.missed(await missedIn(slack, spot, away.sinceMs)));
      }
      // Until they are claimed, another start has to find them again.
      await Promise.all(dealtWith);
    }
    isCaughtUp = true;
    await dispatch.alive(stream);
  }

  const noting = repeat(
    'noting how far events have come',
    ALIVE_EVERY_MS,
    async () => {
      if (isCaughtUp && isConnected()) await dispatch.alive(stream);
    },
    { clock, log },
  );

  return {
    /** Call when events flow again after an interruption. */
    connected(): void {
      isCaughtUp = false;
      tasks.run('catch up what was missed', catchUp);
    },
    stop: noting.stop,
  };
}

/** The bot's channels and direct messages, then the threads in which people talked with it: a history has no replies. */
async function* spotsOf(slack: SlackContext, { places }: Away): AsyncGenerator<MissedSpot> {
  const direct = new Set<string>();
  for (const { id, is_im: isDirect = false } of await channels(slack)) {
    if (isDirect) direct.add(id);
    yield { channel: id, threadTs: null, isDirect };
  }
  const threads = places.flatMap(({ key }) => {
    const [, channel, threadTs] = /^slack:[^/]+\/([^/]+)\/(\d+\.\d+)$/.exec(key ?? '') ?? [];
    return channel === undefined || threadTs === undefined ? [] : [{ channel, threadTs }];
  });
  for (const { channel, threadTs } of threads.slice(0, MAX_THREADS)) {
    yield { channel, threadTs, isDirect: direct.has(channel) };
  }
}

async function channels({ workspace, signal }: SlackContext) {
  const found: z.infer<typeof channelsSchema>['channels'] = [];
  const args = { types: 'public_channel,private_channel,mpim,im', exclude_archived: true, limit: PAGE };
  for await (const page of pagesOf(workspace, 'users.conversations', args, signal)) {
    found.push(...channelsSchema.parse(page).channels);
    if (found.length >= MAX_CHANNELS) break;
  }
  return found.slice(0, MAX_CHANNELS);
}

async function missedIn(slack: SlackContext, spot: MissedSpot, sinceMs: number): Promise<MissedMessage[]> {
  const { log, signal } = slack;
  const { channel, isDirect } = spot;
  const missed: MissedMessage[] = [];
  try {
    for (const raw of await messagesIn(slack, spot, sinceMs)) {
      const atMs = Number(raw.ts) * 1_000;
      const channelType = isDirect ? 'im' : 'channel';
      const event = messageEvent.safeParse({ type: 'message', ...raw, channel, channel_type: channelType });
      // A thread's root is always included.
      if (!event.success || atMs < sinceMs) continue;
      const message = await readMissed(slack, event.data);
      if (message !== null) missed.push({ message, atMs });
    }
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ err: error, channel }, 'could not catch up the messages of a channel');
  }
  return missed;
}

/** Oldest first. */
async function messagesIn({ workspace, signal }: SlackContext, spot: Spot, sinceMs: number) {
  const range = { oldest: (sinceMs / 1_000).toFixed(6), limit: PAGE, maxPages: MAX_PAGES };
  const found = await Array.fromAsync(messagesAt(workspace, spot, range, signal), (raw) =>
    messageSchema.parse(raw),
  );
  return found.toSorted((one, other) => Number(one.ts) - Number(other.ts));
}
