import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import { type LiveMessage, type MessageView, withoutFiles } from '../../../core/ports/surface.ts';
import { isRefusedContent } from '../api/errors.ts';
import { postScope } from '../api/limits.ts';
import type { Spot } from '../api/pages.ts';
import { SlackRefusal } from '../api/web-api.ts';
import type { Root } from '../posting/answer-anchor.ts';
import { createPostOnce, type PostOnce } from '../posting/post-once.ts';
import { PostedMessage } from '../posting/posted-message.ts';
import { createUpload } from '../posting/upload-files.ts';
import { contentOf, notesRefusedFeedback, plainContentOf } from '../text/message-content.ts';
import { type AnswerPlace, threadKeyOf } from './answer-place.ts';
import type { OpenStream } from './native-stream.ts';
import type { SurfaceParts } from './surface-parts.ts';

/**
 * Opens the messages of one answer, in a thread or one below the other. If Slack refuses a message's Markdown, it is posted as
 * plain text. An unclear post is never repeated.
 */
export class AnswerMessages {
  readonly #parts: SurfaceParts;
  readonly #place: AnswerPlace;
  readonly #root: Root;
  readonly #openStream: OpenStream | null;
  readonly #files: AnswerFiles;
  /** The message being opened, over all tries. */
  #opening: { readonly once: PostOnce; isPlain: boolean } | null = null;

  /** @param openStream Slack's own streaming, if only one person reads; null if others would have to wait for the end */
  constructor(parts: SurfaceParts, place: AnswerPlace, root: Root, openStream: OpenStream | null) {
    this.#parts = parts;
    this.#place = place;
    this.#root = root;
    this.#openStream = openStream;
    this.#files = new AnswerFiles(parts);
  }

  /** Posts the next message, or begins it as a stream. */
  async open(view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    const { workspace } = this.#parts;
    const wasReady = this.#root.isReady;
    const threadTs = await this.#root.threadTs(signal);
    const open = () => this.#openIn(threadTs, view, signal);
    // The caller has paced this post, unless the question had to be posted first.
    return wasReady ? open() : workspace.paced(postScope(workspace.team, this.#place.channel), open, signal);
  }

  /** Shows the files of the view below the message. Resolves to a message that does so with each update. */
  async withFiles(message: LiveMessage, view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    const spot = { channel: this.#place.channel, threadTs: await this.#root.threadTs(signal) };
    // Below the text; from here on only its note can change.
    const stands = await this.#files.show(view, spot, signal);
    if (stands.note !== view.note) {
      await this.#parts.workspace.paced(message.scope, () => message.update(stands, signal), signal);
    }
    return new MessageWithFiles(message, this.#files, spot);
  }

  async #openIn(threadTs: string | null, view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    if (this.#openStream !== null && threadTs !== null && this.#opening === null) {
      const spot = { channel: this.#place.channel, threadTs, threadKey: this.#keyOf(threadTs) };
      const message = await this.#openStream(spot, view, signal);
      if (message !== null) return message;
    }
    return this.#post(view, threadTs, signal);
  }

  async #post(view: MessageView, threadTs: string | null, signal: AbortSignal): Promise<LiveMessage> {
    const { workspace, clock } = this.#parts;
    const { channel } = this.#place;
    const { mark } = view;
    this.#opening ??= {
      once: createPostOnce(workspace, { channel, threadTs }, clock, { mark }),
      isPlain: false,
    };
    const attempt = this.#opening;
    const content = attempt.isPlain ? plainContentOf(view) : contentOf(view, workspace.quirks);
    try {
      const { ts, isOlder } = await attempt.once.post(content, signal);
      const at = { channel, threadTs, ts, threadKey: this.#keyOf(threadTs), mark };
      const message = new PostedMessage(workspace, at, isOlder ? null : content, clock);
      if (isOlder) {
        await workspace.paced(message.scope, () => message.update(view, signal), signal);
      } else {
        // The post is the message's first write: an edit right after it would cost a call for a word or two.
        (await workspace.enterIfFree(message.scope))?.();
      }
      this.#opening = null;
      return message;
    } catch (error) {
      // Nothing was shown, so the next try may start again as a stream.
      if (error instanceof RateLimited && !attempt.once.isUnclear) this.#opening = null;
      if (notesRefusedFeedback(workspace.quirks, error)) return this.#post(view, threadTs, signal);
      if (attempt.isPlain || !isRefusedContent(error)) throw error;
      attempt.isPlain = true;
      return this.#post(view, threadTs, signal);
    }
  }

  #keyOf(threadTs: string | null): string | null {
    return threadKeyOf(this.#parts.workspace.team, this.#place, threadTs);
  }
}

/** A message whose updates also show their files. */
class MessageWithFiles implements LiveMessage {
  readonly #message: LiveMessage;
  readonly #files: AnswerFiles;
  readonly #spot: Spot;

  constructor(message: LiveMessage, files: AnswerFiles, spot: Spot) {
    this.#message = message;
    this.#files = files;
    this.#spot = spot;
  }

  get key(): string {
    return this.#message.key;
  }

  get threadKey(): string | null {
    return this.#message.threadKey ?? null;
  }

  get scope(): Scope {
    return this.#message.scope;
  }

  async update(view: MessageView, signal: AbortSignal): Promise<void> {
    await this.#message.update(await this.#files.show(view, this.#spot, signal), signal);
  }
}

const MAX_TRIES = 3;
/** Doubles with each retry. */
const FIRST_RETRY_MS = 500;

/** Slack accepts no files with an update, so they are posted once, as a message of their own after the newest text. */
class AnswerFiles {
  readonly #parts: SurfaceParts;
  #outcome: 'posted' | 'failed' | null = null;

  constructor(parts: SurfaceParts) {
    this.#parts = parts;
  }

  /** Resolves to the view to show then: without the files if posting them failed. */
  async show(view: MessageView, spot: Spot, signal: AbortSignal): Promise<MessageView> {
    const { workspace, log } = this.#parts;
    if (view.files === undefined) return view;
    if (this.#outcome === null) {
      try {
        await this.#post(createUpload(workspace, spot, view.files), signal);
        this.#outcome = 'posted';
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'could not post the files of an answer');
        this.#outcome = 'failed';
      }
    }
    return this.#outcome === 'posted' ? view : withoutFiles(view);
  }

  async #post(upload: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await upload(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (tries === MAX_TRIES || error instanceof SlackRefusal) throw error;
        await this.#parts.clock.sleep(FIRST_RETRY_MS * 2 ** (tries - 1), signal);
      }
    }
  }
}
