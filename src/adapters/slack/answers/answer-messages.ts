import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import { type LiveMessage, type MessageView, withoutFiles } from '../../../core/ports/surface.ts';
import { isRefusedContent } from '../api/errors.ts';
import { postScope } from '../api/limits.ts';
import type { Spot } from '../api/pages.ts';
import { SlackRefusal } from '../api/web-api.ts';
import type { Root } from '../posting/answer-anchor.ts';
import { createPostOnce, type PostOnce } from '../posting/post-once.ts';
import { createPostedMessage } from '../posting/posted-message.ts';
import { createUpload } from '../posting/upload-files.ts';
import { contentOf, notesRefusedFeedback, plainContentOf } from '../text/message-content.ts';
import type { OpenStream } from './native-stream.ts';
import type { SurfaceParts } from './surface-parts.ts';

export interface AnswerMessagesOptions {
  readonly channel: string;
  readonly root: Root;
  /** Slack's own streaming, if only one person reads; null if others would have to wait for the end. */
  readonly openStream: OpenStream | null;
  /** `Place.key` of the thread that the answer ties to its conversation; null if none. */
  readonly threadKeyOf: (threadTs: string) => string | null;
}

/**
 * Opens the messages of one answer, in a thread or one below the other. If Slack refuses a message's Markdown, it is posted as
 * plain text. An unclear post is never repeated.
 */
export function createAnswerMessages(
  parts: Pick<SurfaceParts, 'workspace' | 'clock' | 'log'>,
  { channel, root, openStream, threadKeyOf }: AnswerMessagesOptions,
) {
  const { workspace, clock } = parts;
  const showFiles = createAnswerFiles(parts);
  /** The message being opened, over all tries. */
  let opening: { readonly once: PostOnce; isPlain: boolean } | null = null;

  async function post(view: MessageView, threadTs: string | null, signal: AbortSignal): Promise<LiveMessage> {
    const { mark } = view;
    opening ??= { once: createPostOnce(workspace, { channel, threadTs }, clock, { mark }), isPlain: false };
    const attempt = opening;
    const content = attempt.isPlain ? plainContentOf(view) : contentOf(view, workspace.quirks);
    try {
      const { ts, isOlder } = await attempt.once.post(content, signal);
      const threadKey = threadTs === null ? null : threadKeyOf(threadTs);
      const message = createPostedMessage(
        workspace,
        { channel, threadTs, ts, threadKey, mark: view.mark },
        isOlder ? null : content,
        clock,
      );
      if (isOlder) {
        await workspace.paced(message.scope, () => message.update(view, signal), signal);
      } else {
        // The post is the message's first write: an edit right after it would cost a call for a word or two.
        (await workspace.enterIfFree(message.scope))?.();
      }
      opening = null;
      return message;
    } catch (error) {
      // Nothing was shown, so the next try may start again as a stream.
      if (error instanceof RateLimited && !attempt.once.isUnclear) opening = null;
      if (notesRefusedFeedback(workspace.quirks, error)) return post(view, threadTs, signal);
      if (attempt.isPlain || !isRefusedContent(error)) throw error;
      attempt.isPlain = true;
      return post(view, threadTs, signal);
    }
  }

  async function openIn(
    threadTs: string | null,
    view: MessageView,
    signal: AbortSignal,
  ): Promise<LiveMessage> {
    if (openStream !== null && threadTs !== null && opening === null) {
      const spot = { channel, threadTs, threadKey: threadKeyOf(threadTs) };
      const message = await openStream(spot, view, signal);
      if (message !== null) return message;
    }
    return post(view, threadTs, signal);
  }

  return {
    /** Posts the next message, or begins it as a stream. */
    async open(view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
      const wasReady = root.isReady;
      const threadTs = await root.threadTs(signal);
      const open = () => openIn(threadTs, view, signal);
      // The caller has paced this post, unless the question had to be posted first.
      return wasReady ? open() : workspace.paced(postScope(workspace.team, channel), open, signal);
    },
    /** Shows the files of the view below the message. Resolves to a message that does so with each update. */
    async withFiles(message: LiveMessage, view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
      const spot = { channel, threadTs: await root.threadTs(signal) };
      // Below the text; from here on only its note can change.
      const stands = await showFiles(view, spot, signal);
      if (stands.note !== view.note) {
        await workspace.paced(message.scope, () => message.update(stands, signal), signal);
      }
      return {
        key: message.key,
        threadKey: message.threadKey ?? null,
        get scope() {
          return message.scope;
        },
        async update(changed, until) {
          await message.update(await showFiles(changed, spot, until), until);
        },
      };
    },
  };
}

/** Posts an answer's files below it, once. Resolves to the view to show then: without the files if that failed. */
type AnswerFiles = (view: MessageView, spot: Spot, signal: AbortSignal) => Promise<MessageView>;

const MAX_TRIES = 3;
/** Doubles with each retry. */
const FIRST_RETRY_MS = 500;

/** Slack accepts no files with an update, so they are a message of their own after the newest text. */
function createAnswerFiles({
  workspace,
  clock,
  log,
}: Pick<SurfaceParts, 'workspace' | 'clock' | 'log'>): AnswerFiles {
  let outcome: 'posted' | 'failed' | null = null;

  async function post(upload: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await upload(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (tries === MAX_TRIES || error instanceof SlackRefusal) throw error;
        await clock.sleep(FIRST_RETRY_MS * 2 ** (tries - 1), signal);
      }
    }
  }

  return async (view, spot, signal) => {
    if (view.files === undefined) return view;
    if (outcome === null) {
      try {
        await post(createUpload(workspace, spot, view.files), signal);
        outcome = 'posted';
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'could not post the files of an answer');
        outcome = 'failed';
      }
    }
    return outcome === 'posted' ? view : withoutFiles(view);
  };
}
