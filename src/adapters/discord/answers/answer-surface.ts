import { PassingFault, PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import {
  type LiveMessage,
  type MessageView,
  type NoticeFile,
  type Surface,
  withoutFiles,
} from '../../../core/ports/surface.ts';
import { ANSWER_LIMITS, answerBody, isEnded, type MessageBody, tailLength } from './content.ts';
import { isUnclear } from './message-writers.ts';

/** The next message of an answer, before it is posted. */
export interface NextMessage {
  readonly view: MessageView;
  readonly body: MessageBody;
  readonly files: readonly NoticeFile[];
  /** The message before it; null if it is the first. */
  readonly newestId: string | null;
  /** Whether an earlier try or another process may have posted it already. */
  readonly mayHaveSent: boolean;
}

/** How an answer's messages are written: through a channel, or through the webhook of an interaction. */
export interface AnswerWay {
  /** The rest of the surface. Its getters may change while the answer grows. */
  readonly surface: Omit<Surface, 'limits' | 'tailLength' | 'openScope' | 'reference' | 'openMessage'>;
  readonly sendScope: Scope;
  readonly editScope: Scope;
  /** Posts the message, or finds it if it was posted already; resolves to its id. */
  send(next: NextMessage, signal: AbortSignal): Promise<string>;
  edit(id: string, body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<void>;
  /** Called when the answer has ended: archives a thread again that was opened for it. */
  archiveAgain(signal: AbortSignal): Promise<void>;
  /** Called when a message of the answer is shown. */
  stands?(): void;
  /** Called when `send` failed; `newest` is the message before. */
  failed(
    error: unknown,
    view: MessageView,
    newest: { readonly id: string; readonly view: MessageView } | null,
    signal: AbortSignal,
  ): Promise<void>;
  /** As `Surface.reference`. */
  referenceAt(newestId: string | null): string;
}

/** The part of the surface that the adapter itself needs. */
export interface AnswerSurface extends Surface {
  /** Takes over an existing message of the answer. */
  adopt(messageId: string): LiveMessage;
}

/** Shows an answer message by message, in either way. */
export function createAnswerSurface(
  way: AnswerWay,
  start: { readonly newestId: string | null; readonly isResumed: boolean },
): AnswerSurface {
  const uncertain = createUncertainFiles();
  let { newestId, isResumed: mayHaveSent } = start;
  /** The last view sent for the newest message, as far as this process knows. */
  let newestView: MessageView | null = null;

  function liveMessage(id: string): LiveMessage {
    newestId = id;
    way.stands?.();
    return {
      key: id,
      get scope() {
        return way.editScope;
      },
      async update(wanted, signal) {
        await uncertain(wanted, (view) => {
          newestView = view;
          return way.edit(id, answerBody(view), view.files ?? [], signal);
        });
        if (isEnded(wanted)) await way.archiveAgain(signal);
      },
    };
  }

  async function open(view: MessageView, signal: AbortSignal): Promise<LiveMessage> {
    signal.throwIfAborted();
    const next = { view, body: answerBody(view), files: view.files ?? [], newestId, mayHaveSent };
    try {
      const id = await way.send(next, signal);
      mayHaveSent = false;
      newestView = view;
      const message = liveMessage(id);
      way.surface.indicate('idle');
      return message;
    } catch (error) {
      mayHaveSent ||= isUnclear(error);
      const newest = newestId === null || newestView === null ? null : { id: newestId, view: newestView };
      await way.failed(error, view, newest, signal);
      throw error;
    }
  }

  return Object.defineProperties(
    {
      limits: ANSWER_LIMITS,
      tailLength,
      get openScope() {
        return way.sendScope;
      },
      get reference() {
        return way.referenceAt(newestId);
      },
      adopt: liveMessage,
      openMessage: (wanted: MessageView, signal: AbortSignal) =>
        uncertain(wanted, (view) => open(view, signal)),
    },
    // As getters.
    Object.getOwnPropertyDescriptors(way.surface),
  ) as AnswerSurface;
}

/** Uploads fail longer than texts: after this many faults the answer is shown without its files. */
const MAX_FAULTS = 3;

/**
 * Remembers whether Discord accepts an answer's files. If it refuses them (no *Attach Files*, or more bytes than the server's
 * limit), the write fails as a temporary fault, and its retry has no files.
 */
function createUncertainFiles(): <T>(
  view: MessageView,
  write: (view: MessageView) => Promise<T>,
) => Promise<T> {
  let faults = 0;
  return async (view, write) => {
    if (view.files === undefined) return write(view);
    if (faults >= MAX_FAULTS) return write(withoutFiles(view));
    try {
      return await write(view);
    } catch (error) {
      if (isUnclear(error)) faults++;
      if (!isOfFiles(error)) throw error;
      faults = MAX_FAULTS;
      throw new PassingFault('Discord does not accept the files of an answer', { cause: error });
    }
  };
}

/** Whether the same write may succeed without files. */
function isOfFiles(error: unknown): boolean {
  return error instanceof Unshowable || (error instanceof PlaceGone && error.reason === 'forbidden');
}
