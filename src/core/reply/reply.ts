import type { Logger } from 'pino';
import type { Button, LiveMessage, MessageView, ReplyStatus, Surface } from '../adapter.ts';
import type { Clock } from '../clock.ts';
import { PlaceGone, RateLimited, Unshowable } from '../delivery-errors.ts';
import type { Pacers } from './pacer.ts';
import { createSplitter, type Part } from './splitter.ts';

/** How an answer ended, as the last message of it shows. */
export interface Ending {
  readonly status: Exclude<ReplyStatus, 'streaming' | 'sealed'>;
  readonly note: string | null;
  readonly footer: string | null;
  readonly buttons: readonly Button[];
}

/** A live answer: takes text as it comes and keeps the platform's messages equal to the newest state. */
export interface Reply {
  /** Adds text. Never waits. */
  write(delta: string): void;
  /**
   * Ends the answer and resolves once its last state stands on the platform; false where that is out of reach,
   * because the place is gone or the platform did not take it for an hour. Call once.
   */
  finish(ending: Ending): Promise<boolean>;
  /** Aborted with `PlaceGone` as soon as nothing can be shown any more: the provider need not go on. */
  readonly gone: AbortSignal;
}

export interface ReplyOptions {
  readonly surface: Surface;
  readonly pacers: Pacers;
  readonly clock: Clock;
  readonly log: Logger;
  /** Shown under the message that is growing. */
  readonly buttons: readonly Button[];
  /** Told of each message as soon as it is open. */
  readonly onOpen: (message: LiveMessage) => void;
  /** Ends delivery at once, wherever it is. */
  readonly signal: AbortSignal;
}

/** After a passing fault: so long, doubled each time … */
const FIRST_RETRY_MS = 500;
/** … up to this, and … */
const LONGEST_RETRY_MS = 30_000;
/** … no longer than this for one view. Outages of platforms last minutes; an hour outlives nearly all of them. */
const GIVE_UP_AFTER_MS = 3_600_000;

export function createReply(options: ReplyOptions): Reply {
  const { surface, pacers, clock, log, signal } = options;
  const splitter = createSplitter(surface.limits);
  const gone = new AbortController();
  const stopped = AbortSignal.any([signal, gone.signal]);

  /** Parts that are not yet shown in their final state, oldest first. The open part comes after them. */
  const sealed: Part[] = [];
  let message: LiveMessage | null = null;
  let openedAny = false;
  let ending: Ending | null = null;
  let hasNews = false;
  let wake: () => void = () => {};

  function tell(): void {
    hasNews = true;
    wake();
  }

  async function news(): Promise<void> {
    while (!hasNews) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  /** The newest state of the current message; null where there is nothing to show yet. */
  function currentView(): MessageView | null {
    const part = sealed[0];
    if (part && sealed.length > 1) return viewOf(part.text, 'sealed', null);
    if (ending !== null) return viewOf(part?.text ?? '', ending.status, ending);
    const text = splitter.view();
    // A full message stays open until there is something to show in the next one: it may be the last.
    if (part && text !== '') return viewOf(part.text, 'sealed', null);
    const shown = part?.text ?? text;
    return shown === ''
      ? null
      : viewOf(shown, 'streaming', { note: null, footer: null, buttons: options.buttons });
  }

  /** Shows the newest state of the current message, as soon as the pacer lets it; `onView` learns which. */
  async function show(onView: (view: MessageView) => void): Promise<void> {
    const isFirst = !openedAny;
    const open = message;
    if (currentView() === null) {
      hasNews = false;
      return;
    }
    await pacers.run(
      open === null ? surface.openScope : open.scope,
      () => isFirst || ending !== null,
      async () => {
        const view = currentView();
        hasNews = false;
        if (view === null) return;
        onView(view);
        if (open !== null) return open.update(view, signal);
        message = await surface.open(view, signal);
        openedAny = true;
        options.onOpen(message);
      },
      stopped,
    );
  }

  function nextMessage(): void {
    sealed.shift();
    message = null;
    hasNews = true;
  }

  async function deliver(): Promise<boolean> {
    let faults = 0;
    let faultySinceMs = 0;
    for (;;) {
      await news();
      let status = 'streaming' as ReplyStatus;
      try {
        await show((view) => {
          status = view.status;
        });
        faults = 0;
      } catch (error) {
        if (signal.aborted) return false;
        if (error instanceof RateLimited) {
          hasNews = true; // The pacer waits.
          continue;
        }
        if (error instanceof PlaceGone) {
          log.info({ reason: error.reason }, 'the place of an answer is gone');
          gone.abort(error);
          return false;
        }
        if (!(error instanceof Unshowable)) {
          if (faults++ === 0) faultySinceMs = clock.now();
          if (clock.now() - faultySinceMs > GIVE_UP_AFTER_MS) {
            log.error({ err: error, faults }, 'the platform did not take an answer; giving up');
            gone.abort(error);
            return false;
          }
          log.warn({ err: error, faults }, 'an answer could not be shown; trying again');
          const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (faults - 1));
          await clock.sleep(waitMs, stopped).catch(() => {});
          hasNews = true;
          continue;
        }
        log.error({ err: error, status }, 'the platform refuses a state of an answer; going on without it');
        if (isLast(status)) return false;
      }
      if (isLast(status)) return true;
      if (status === 'sealed') nextMessage();
    }
  }

  const delivery = deliver();

  return {
    gone: gone.signal,
    write(delta) {
      if (delta === '') return;
      sealed.push(...splitter.push(delta));
      tell();
    },
    async finish(how) {
      sealed.push(...splitter.finish());
      ending = how;
      tell();
      if (message) pacers.hurry(message.scope.key);
      pacers.hurry(surface.openScope.key);
      return delivery;
    },
  };
}

function isLast(status: ReplyStatus): boolean {
  return status !== 'streaming' && status !== 'sealed';
}

function viewOf(
  text: string,
  status: ReplyStatus,
  rest: Pick<MessageView, 'note' | 'footer' | 'buttons'> | null,
): MessageView {
  const { note, footer, buttons } = rest ?? { note: null, footer: null, buttons: [] };
  return { text, source: text, status, note, footer, buttons };
}
