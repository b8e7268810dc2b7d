import { Splitter } from '../../../core/markdown/cut/splitter.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Notice, NoticeFile } from '../../../core/ports/surface.ts';
import { deliveryError, isRefusedContent, isShut } from '../api/errors.ts';
import { MESSAGE_LIMITS, postScope } from '../api/limits.ts';
import { SlackRefusal } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { type MessageContent, markdownContent, plainNotice } from '../text/message-content.ts';
import type { Root } from './answer-anchor.ts';
import type { ResponseUrl } from './response-url.ts';
import { createUpload } from './upload-files.ts';

export interface PrivateTellerOptions {
  readonly workspace: Workspace;
  readonly channel: string;
  readonly user: string;
  /** Whether the channel is the person's DM with the bot, where every message is private. */
  readonly isDirect: boolean;
  /** The thread to write in. Default: none. */
  readonly root?: Pick<Root, 'knownThreadTs' | 'activeThreadTs'> | null;
  /** Default: none. */
  readonly responseUrl?: ResponseUrl | null;
}

/**
 * Tells one person something: through the interaction's response URL, else as an ephemeral message, else in the DM. Ephemeral
 * messages show in a thread only if it is active (docs.slack.dev/reference/methods/chat.postEphemeral); otherwise they go to
 * the channel. Files go to the DM, because Slack has no ephemeral ones.
 */
export class PrivateTeller {
  readonly #options: PrivateTellerOptions;

  constructor(options: PrivateTellerOptions) {
    this.#options = options;
  }

  async tell({ text, files = [] }: Notice, signal: AbortSignal): Promise<void> {
    try {
      for (const part of partsOf(text)) await this.#say(part, signal);
      if (files.length === 0) return;
      const what = files.length === 1 ? 'the file' : 'the files';
      try {
        await this.#send(files, signal);
      } catch (error) {
        signal.throwIfAborted();
        const why = error instanceof SlackRefusal ? ` (\`${error.reason}\`)` : '';
        return await this.#say(`I could not upload ${what} to Slack${why}. Try again in a minute.`, signal);
      }
      if (!this.#options.isDirect) await this.#say(`I sent ${what} to you in a direct message.`, signal);
    } catch (error) {
      throw deliveryError(error);
    }
  }

  async #say(text: string, signal: AbortSignal): Promise<void> {
    const { workspace, channel, user, isDirect, root = null, responseUrl = null } = this.#options;
    const activeTs = root?.activeThreadTs ?? null;
    if (responseUrl !== null && (await responseUrl.tellPrivately(text, activeTs, signal))) return;
    if (isDirect) return this.#post(channel, root?.knownThreadTs ?? null, text, signal);
    try {
      await inEitherShape(text, (content) =>
        workspace.call('chat.postEphemeral', { channel, user, thread_ts: activeTs, ...content }, signal),
      );
    } catch (error) {
      if (!isShut(error)) throw error;
      await this.#post(await workspace.directChannel(user, signal), null, text, signal);
    }
  }

  async #post(channel: string, thread_ts: string | null, text: string, signal: AbortSignal): Promise<void> {
    const { workspace } = this.#options;
    const scope = postScope(workspace.team, channel);
    await inEitherShape(text, (content) => {
      const args = { channel, thread_ts, ...content, unfurl_links: false, unfurl_media: false };
      return workspace.paced(scope, () => workspace.api.call('chat.postMessage', args, signal), signal);
    });
  }

  async #send(files: readonly NoticeFile[], signal: AbortSignal): Promise<void> {
    const { workspace, channel, user, isDirect, root = null } = this.#options;
    const to = isDirect ? channel : await workspace.directChannel(user, signal);
    const threadTs = isDirect ? (root?.knownThreadTs ?? null) : null;
    await createUpload(workspace, { channel: to, threadTs }, files)(signal);
  }
}

/** As Markdown, or as plain text if Slack refuses that. */
async function inEitherShape(
  text: string,
  write: (content: MessageContent) => Promise<unknown>,
): Promise<void> {
  try {
    await write(markdownContent(text));
  } catch (error) {
    if (!isRefusedContent(error)) throw error;
    await write(plainNotice(text));
  }
}

function partsOf(text: string): string[] {
  const splitter = new Splitter(MESSAGE_LIMITS);
  return [...splitter.push(text), ...splitter.finish()].map((part) => part.text);
}

/** Posts in a channel; false if Slack refuses. */
export async function sayIn(
  workspace: Workspace,
  { channel, user }: { readonly channel: string; readonly user: string },
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await new PrivateTeller({ workspace, channel, user, isDirect: true }).tell(notice, signal);
    return true;
  } catch (error) {
    if (error instanceof PlaceGone || error instanceof SlackRefusal) return false;
    throw error;
  }
}
