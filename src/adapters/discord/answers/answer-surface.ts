import type { Scope } from '../../../core/ports/scope.ts';
import type { LiveMessage, MessageView, NoticeFile, Surface } from '../../../core/ports/surface.ts';
import { ANSWER_LIMITS, answerBody, isEnded, type MessageBody, tailLength } from './content.ts';
import { isUnclear } from './message-writers.ts';
import { createUncertainFiles } from './uncertain-files.ts';

/** The next message of an answer, as it is to be posted. */
export interface NextMessage {
  readonly view: MessageView;
  readonly body: MessageBody;
  readonly files: readonly NoticeFile[];
  /** The message before it; null for the first. */
  readonly newestId: string | null;
  /** Whether an earlier try, or another process, may have posted it. */
  readonly mayHaveSent: boolean;
}

/** How the messages of an answer are written: through a channel, or through the webhook of an interaction. */
export interface AnswerWay
  extends Omit<Surface, 'limits' | 'tailLength' | 'openScope' | 'reference' | 'openMessage' | 'updateScope'> {
  readonly updateScope?: Scope;
  readonly sendScope: Scope;
  readonly editScope: Scope;
  /** Posts it, or finds what stands there; resolves to its id. */
  send(next: NextMessage, signal: AbortSignal): Promise<string>;
  edit(id: string, body: MessageBody, files: readonly NoticeFile[], signal: AbortSignal): Promise<void>;
  /** The answer has ended: what was opened for it is closed again. */
  archiveAgain(signal: AbortSignal): Promise<void>;
  /** A message of the answer stands. */
  stands?(): void;
  /** `send` has failed; `newest` is what stood before. */
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
  /** A message of the answer that is there already. */
  adopt(messageId: string): LiveMessage;
}

/** Shows an answer message by message, whichever way they are written. */
export function createAnswerSurface(
  way: AnswerWay,
  start: { readonly newestId: string | null; readonly isResumed: boolean },
): AnswerSurface {
  const uncertain = createUncertainFiles();
  let { newestId, isResumed: mayHaveSent } = start;
  /** The view that was sent last for the newest message, as far as this process knows. */
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
      way.indicate('idle');
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
    // A way may say other things of itself while the answer grows.
    Object.getOwnPropertyDescriptors(way),
  ) as AnswerSurface;
}
