import type { Logger } from 'pino';
import { ignoring } from '../../../core/kit/or-log.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import { PassingFault, RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { LiveMessage, MessageView } from '../../../core/ports/surface.ts';
import { deliveryError, isRefusal } from '../api/errors.ts';
import { methodScope } from '../api/limits.ts';
import { SlackRefusal, SlackUnreachable } from '../api/web-api.ts';
import { textOf, type Workspace } from '../api/workspace.ts';
import { metadataOf } from '../posting/message-metadata.ts';
import { PostedMessage } from '../posting/posted-message.ts';
import { oldestAfter, ownMessages } from '../posting/read-back.ts';
import { notesRefusedFeedback, tailOf } from '../text/message-content.ts';
import { neutralise, settledPart } from '../text/neutralise.ts';
import { takeStream } from './take-stream.ts';

/** Begins a message as one of Slack's own streams; null if it has to be posted instead. The caller has paced it. */
export type OpenStream = (
  spot: StreamSpot,
  view: MessageView,
  signal: AbortSignal,
) => Promise<LiveMessage | null>;

export interface StreamSpot {
  readonly channel: string;
  readonly threadTs: string;
  /** As `LiveMessage.threadKey`. */
  readonly threadKey: string | null;
}

export interface OpenStreamOptions {
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with each message that begins as a stream … */
  readonly onBegun: (ts: string) => void;
  /** … and once its buttons, or the lack of them, identify it. */
  readonly onSettled: () => void;
}

/** A stream dies five minutes after its start, even in use (slackapi/node-slack-sdk#2702). It is ended well before. */
const MAX_AGE_MS = 270_000;

/** Ends each stream after 270 s; the message then grows by edits, as it does where Slack refuses streams. */
export function createOpenStream(options: OpenStreamOptions): OpenStream {
  const { workspace, clock, log, onBegun } = options;
  /** A start with an unknown outcome: the message may exist, and a retry would double it. */
  let unclear: { readonly sinceMs: number; readonly text: string; readonly release: () => void } | null =
    null;
  /** The message that this start turned out to have begun, until it shows the newest view. */
  let found: LiveMessage | null = null;

  return async (spot, view, signal) => {
    if (unclear !== null) {
      const begun = unclear;
      const ts = await findBegun(workspace, spot, begun, signal);
      unclear = null;
      if (ts === null) begun.release();
      else {
        onBegun(ts);
        found = createStreamedMessage(options, { ...spot, ts }, '', begun.release, 'unsure');
      }
    }
    if (found !== null) {
      const message = found;
      await workspace.paced(message.scope, () => message.update(view, signal), signal);
      found = null;
      return message;
    }
    const text = view.status === 'streaming' ? settledPart(neutralise(view.source)) : '';
    if (text.trim() === '') return null;
    const release = await takeStream(workspace, clock);
    if (release === null) return null;
    const sinceMs = clock.now();
    try {
      const scope = methodScope(workspace.team, 'chat.startStream');
      const args = { channel: spot.channel, thread_ts: spot.threadTs, markdown_text: text };
      const start = () => workspace.api.call('chat.startStream', args, signal);
      const { data } = await workspace.paced(scope, start, signal);
      const ts = textOf(data['ts']);
      onBegun(ts);
      return createStreamedMessage(options, { ...spot, ts }, text, release, 'streaming');
    } catch (error) {
      if (error instanceof SlackUnreachable || signal.aborted) {
        unclear = { sinceMs, text, release };
        throw error;
      }
      release();
      if (error instanceof RateLimited) return null;
      if (!(error instanceof SlackRefusal)) throw error;
      log.debug({ err: error }, 'Slack refuses streams here; using edits instead');
      return null;
    }
  };
}

/**
 * A message that grows by appending. After any fault it ends the stream and continues by `chat.update` with the whole text,
 * because a failed append may have arrived, and appends have no idempotency key.
 */
function createStreamedMessage(
  { workspace, clock, log, onSettled }: OpenStreamOptions,
  { channel, threadTs, ts, threadKey }: StreamSpot & { readonly ts: string },
  started: string,
  release: () => void,
  begun: 'streaming' | 'unsure',
): LiveMessage {
  const { team } = workspace;
  const posted = new PostedMessage(workspace, { channel, threadTs, ts, threadKey }, null, clock);
  const endAtMs = clock.now() + MAX_AGE_MS;
  let phase = begun as 'streaming' | 'unsure' | 'ended';
  const hasEnded = () => phase === 'ended';
  let sent = started;

  /** Resolves to whether the stream accepted the view; leaves `unsure` set if that is unknown. */
  async function stream(view: MessageView, signal: AbortSignal): Promise<boolean> {
    const isLast = view.status !== 'streaming';
    const target = isLast ? neutralise(view.text) : settledPart(neutralise(view.source));
    if (!target.startsWith(sent) || clock.now() >= endAtMs) return false;
    const news = target.slice(sent.length);
    if (!isLast && news === '') return true;
    phase = 'unsure';
    try {
      if (isLast) {
        const tail = tailOf(view, workspace.quirks);
        const { mark } = view;
        const metadata = mark && metadataOf({ mark });
        await stop(
          { markdown_text: news || null, blocks: tail.length === 0 ? null : tail, metadata },
          signal,
        );
        onSettled();
      } else {
        await workspace.api.call('chat.appendStream', { channel, ts, markdown_text: news }, signal);
        phase = 'streaming';
      }
      sent = target;
      return true;
    } catch (error) {
      if (error instanceof RateLimited) phase = 'streaming';
      if (!(error instanceof SlackRefusal) && !(error instanceof SlackUnreachable)) throw error;
      notesRefusedFeedback(workspace.quirks, error);
      log.debug({ err: error }, 'a stream accepts no more; using edits from now on');
      if (isStreamOver(error)) end();
      return false;
    }
  }

  async function stop(rest: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    const call = () => workspace.api.call('chat.stopStream', { channel, ts, ...rest }, signal);
    await within(methodScope(team, 'chat.stopStream'), call, signal);
    end();
  }

  /** Runs a write within another limit than the caller's, which must not be charged for it. */
  async function within(scope: Scope, write: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    try {
      await workspace.paced(scope, write, signal);
    } catch (error) {
      if (error instanceof RateLimited)
        throw new PassingFault('the end of a stream has to wait', { cause: error });
      throw error;
    }
  }

  async function endNow(signal: AbortSignal): Promise<void> {
    try {
      await stop({}, signal);
    } catch (error) {
      if (!isStreamOver(error)) throw deliveryError(error);
      end();
    }
  }

  function end(): void {
    phase = 'ended';
    release();
  }

  return {
    key: posted.key,
    threadKey,
    get scope() {
      return hasEnded() ? posted.scope : methodScope(team, 'chat.appendStream');
    },
    async update(view, signal) {
      signal.throwIfAborted();
      if (hasEnded()) return posted.update(view, signal);
      if (phase === 'streaming' && (await stream(view, signal))) return;
      if (!hasEnded()) await endNow(signal);
      await within(posted.scope, () => posted.update(view, signal), signal);
      onSettled();
    },
  };
}

/** Whether Slack refused because the stream has ended already. */
function isStreamOver(error: unknown): boolean {
  return isRefusal(error, 'message_not_in_streaming_state', 'stopped_by_user');
}

/** Ends a stream of another process, which would otherwise stay open for its readers until Slack ends it. */
export async function endStream(
  workspace: Workspace,
  channel: string,
  ts: string,
  signal: AbortSignal,
): Promise<void> {
  await workspace.call('chat.stopStream', { channel, ts }, signal).catch(ignoring(isStreamOver));
}

/** A message of the bot in the thread that began with this text since then. */
async function findBegun(
  workspace: Workspace,
  { channel, threadTs }: StreamSpot,
  { sinceMs, text }: { readonly sinceMs: number; readonly text: string },
  signal: AbortSignal,
): Promise<string | null> {
  const range = { oldest: oldestAfter(sinceMs), limit: 200, maxPages: 1 };
  const replies = await Array.fromAsync(ownMessages(workspace, { channel, threadTs }, range, signal));
  const words = bare(text);
  const begun = replies.findLast(
    ({ text, blocks }) => bare(text) === words && !blocks.some(({ type }) => ENDING.has(type)),
  );
  return begun?.ts ?? null;
}

/** Blocks below a finished answer. */
const ENDING: ReadonlySet<unknown> = new Set(['actions', 'context']);

/** Letters and digits only, because Slack renders Markdown into its own markup. */
function bare(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, '').replace(/[^\p{L}\p{N}]/gu, '');
}
