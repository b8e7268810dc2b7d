import { PassingFault, PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import {
  type Activity,
  type LiveMessage,
  type MessageView,
  type Notice,
  type NoticeFile,
  type Surface,
  withoutFiles,
} from '../../../core/ports/surface.ts';
import { ANSWER_LIMITS, answerBody, isEnded, type MessageBody, tailLength } from './content.ts';
import { type ChannelWriter, isUnclear } from './message-writers.ts';
import type { MessagePlace } from './references.ts';

/** The next message of an answer, before it is posted. */
export interface NextMessage {
  readonly view: MessageView;
  readonly body: MessageBody;
  readonly files: readonly NoticeFile[];
  /** The message before it; null if it is the first. */
  readonly newestId: string | null;
  /** The last view sent for that one; null if this process sent none. */
  readonly newestView: MessageView | null;
  /** Whether an earlier try or another process may have posted it already. */
  readonly mayHaveSent: boolean;
}

/** Edits an answer's messages, and states the limits that its next writes draw from. */
type AnswerWriter = Pick<ChannelWriter, 'sendScope' | 'editScope' | 'edit' | 'archiveAgain'>;

/** Shows an answer message by message: through a channel, or through the webhook of an interaction. */
export abstract class AnswerSurface implements Surface {
  readonly limits = ANSWER_LIMITS;
  readonly tailLength = tailLength;
  readonly canContinueInThread: boolean;
  abstract readonly isPrivate: boolean;
  abstract readonly reference: string;
  /** May change while the answer grows. */
  protected abstract readonly writer: AnswerWriter;
  /** The answer's newest message; null if there is none yet. */
  protected newestId: string | null;
  /** The last view sent for it, as far as this process knows. */
  #newestView: MessageView | null = null;
  #mayHaveSent: boolean;
  readonly #uncertainFiles = new UncertainFiles();

  /** @param isResumed whether another process may have sent messages that this one does not know */
  constructor(place: Pick<MessagePlace, 'canContinueInThread' | 'newestId'>, isResumed: boolean) {
    this.canContinueInThread = place.canContinueInThread;
    this.newestId = place.newestId;
    this.#mayHaveSent = isResumed;
  }

  abstract indicate(activity: Activity): void;
  abstract tellPrivately(notice: Notice, signal: AbortSignal): Promise<void>;
  /** Posts the message, or finds it if it was posted already; resolves to its id. */
  protected abstract post(next: NextMessage, signal: AbortSignal): Promise<string>;

  get openScope(): Scope {
    return this.writer.sendScope;
  }

  openMessage(wanted: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    return this.#uncertainFiles.write(wanted, (view) => this.#open(view, signal));
  }

  /** Takes over an existing message of the answer. */
  adopt(id: string): LiveMessage {
    this.newestId = id;
    const editScope = () => this.writer.editScope;
    return new AnswerMessage(id, editScope, (view, signal) => this.update(id, view, signal));
  }

  /** As `LiveMessage.update`. */
  protected async update(id: string, wanted: MessageView, signal: AbortSignal): Promise<void> {
    await this.#uncertainFiles.write(wanted, (view) => {
      this.#newestView = view;
      return this.writer.edit(id, answerBody(view), view.files ?? [], signal);
    });
    if (isEnded(wanted)) await this.writer.archiveAgain(signal);
  }

  async #open(view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    signal.throwIfAborted();
    const { files = [] } = view;
    const newest = { newestId: this.newestId, newestView: this.#newestView };
    const next = { view, body: answerBody(view), files, ...newest, mayHaveSent: this.#mayHaveSent };
    const id = await this.post(next, signal).catch((error: unknown) => {
      this.#mayHaveSent ||= isUnclear(error);
      throw error;
    });
    this.#mayHaveSent = false;
    this.#newestView = view;
    const message = this.adopt(id);
    this.indicate('idle');
    return message;
  }
}

class AnswerMessage implements LiveMessage {
  readonly key: string;
  readonly update: LiveMessage['update'];
  readonly #editScope: () => Scope;

  constructor(key: string, editScope: () => Scope, update: LiveMessage['update']) {
    this.key = key;
    this.update = update;
    this.#editScope = editScope;
  }

  get scope(): Scope {
    return this.#editScope();
  }
}

/** Uploads fail longer than texts: after this many faults the answer is shown without its files. */
const MAX_FAULTS = 3;

/**
 * Remembers whether Discord accepts an answer's files. If it refuses them (no *Attach Files*, or more bytes than the server's
 * limit), the write fails as a temporary fault, and its retry has no files.
 */
class UncertainFiles {
  #faults = 0;

  async write<T>(view: MessageView, write: (view: MessageView) => Promise<T>): Promise<T> {
    if (view.files === undefined) return write(view);
    if (this.#faults >= MAX_FAULTS) return write(withoutFiles(view));
    try {
      return await write(view);
    } catch (error) {
      if (isUnclear(error)) this.#faults++;
      if (!isOfFiles(error)) throw error;
      this.#faults = MAX_FAULTS;
      throw new PassingFault('Discord does not accept the files of an answer', { cause: error });
    }
  }
}

/** Whether the same write may succeed without files. */
function isOfFiles(error: unknown): boolean {
  return error instanceof Unshowable || (error instanceof PlaceGone && error.reason === 'forbidden');
}
