import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import type { LiveMessage, MessageMark, MessageView } from '../../../core/ports/surface.ts';
import { deliveryError, isRefusal, isRefusedContent } from '../api/errors.ts';
import { messageScope, postScope } from '../api/limits.ts';
import { messageKey } from '../api/places.ts';
import type { Json } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { asTyped } from '../text/inbound-text.ts';
import {
  contentOf,
  type MessageContent,
  notesRefusedFeedback,
  plainContentOf,
  shortText,
  withButtons,
} from '../text/message-content.ts';
import { metadataOf } from './message-metadata.ts';
import { createPostOnce, type PostOnce } from './post-once.ts';

export interface PostedAt {
  readonly channel: string;
  readonly threadTs: string | null;
  readonly ts: string;
  /** As `LiveMessage.threadKey`. */
  readonly threadKey: string | null;
  /** The mark that it has, which edits keep. Default none. */
  readonly mark?: MessageMark | undefined;
}

/** A workspace may forbid edits, or allow them for some minutes only. */
const NO_EDITS = ['edit_window_closed', 'cant_update_message'] as const;

/** A message that grows by `chat.update`, each time as a whole. */
export class PostedMessage implements LiveMessage {
  readonly key: string;
  readonly threadKey: string | null;
  readonly #workspace: Workspace;
  readonly #clock: Clock;
  readonly #at: PostedAt;
  /** Null if unknown. */
  #shown: MessageContent | null;
  #mark: MessageMark | undefined;
  /** Slack has refused this message's Markdown, and would again. */
  #isPlain = false;
  /** Set if Slack accepts no more edits: the last state is posted as a new message, once. */
  #replacement: PostOnce | null = null;

  /** @param shown its present content; null if unknown */
  constructor(workspace: Workspace, at: PostedAt, shown: MessageContent | null, clock: Clock) {
    this.key = messageKey(workspace.team, at.channel, at.ts);
    this.threadKey = at.threadKey;
    this.#workspace = workspace;
    this.#clock = clock;
    this.#at = at;
    this.#shown = shown;
    this.#mark = at.mark;
  }

  get scope(): Scope {
    return messageScope(this.#workspace.team, this.#at.channel, this.#at.ts);
  }

  async update(view: MessageView, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { quirks } = this.#workspace;
    const content = () => (this.#isPlain ? plainContentOf(view) : contentOf(view, quirks));
    try {
      await this.#write(content(), view, signal).catch((error: unknown) => {
        if (notesRefusedFeedback(quirks, error)) return this.#write(content(), view, signal);
        throw error;
      });
    } catch (error) {
      if (this.#isPlain || !isRefusedContent(error)) throw deliveryError(error);
      this.#isPlain = true;
      await this.#write(plainContentOf(view), view, signal).catch((again: unknown) => {
        throw deliveryError(again);
      });
    }
  }

  async #write(content: MessageContent, view: MessageView, signal: AbortSignal): Promise<void> {
    const { team, api } = this.#workspace;
    const { status, mark } = view;
    const { channel, threadTs, ts } = this.#at;
    if (isDeepStrictEqual(content, this.#shown)) return;
    if (this.#replacement === null) {
      // The content after a failed call is unknown.
      this.#shown = null;
      try {
        const isMarked = mark === undefined || isDeepStrictEqual(mark, this.#mark);
        const metadata = isMarked ? {} : { metadata: metadataOf({ mark }) };
        await api.call('chat.update', { channel, ts, ...content, ...metadata, parse: 'none' }, signal);
        this.#shown = content;
        this.#mark = mark;
        return;
      } catch (error) {
        if (!isRefusal(error, ...NO_EDITS)) throw error;
        this.#replacement = createPostOnce(this.#workspace, { channel, threadTs }, this.#clock, { mark });
      }
    }
    if (status === 'streaming') return;
    const { post } = this.#replacement;
    await this.#workspace.paced(postScope(team, channel), () => post(content, signal), signal);
    this.#shown = content;
    await this.#workspace.call('chat.delete', { channel, ts }, signal).catch(() => {});
  }
}

/** A message in Slack's form. */
interface StandingMessage {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** Replaces a message's buttons and keeps the rest. Rejects as the API client does. */
export async function rewriteButtons(
  workspace: Workspace,
  { channel, ts, text, blocks }: StandingMessage,
  buttons: readonly Button[],
  signal: AbortSignal,
): Promise<void> {
  const content = { text: shortText(asTyped(text)), blocks: withButtons(blocks, buttons, workspace.quirks) };
  await workspace.call('chat.update', { channel, ts, ...content, parse: 'none' }, signal);
}
