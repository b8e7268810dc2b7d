import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { createSplitter, type Part } from '../markdown/splitter.ts';
import { type Button, buttonsAt } from '../ports/buttons.ts';
import type { Scope } from '../ports/scope.ts';
import type { LiveMessage, MessageView, NoticeFile, ReplyStatus, Surface } from '../ports/surface.ts';
import { createAttempts } from './attempts.ts';
import { createGrowthRoom } from './growth-room.ts';
import { isLast, isTooLong, type LastState, lastView, refusedView, SEALED } from './last-view.ts';
import type { WriteLimiters } from './write-limiter.ts';

/** The end of an answer, as its last message shows it. */
export interface Ending {
  readonly status: Exclude<ReplyStatus, 'streaming' | 'sealed'>;
  readonly note: string | null;
  readonly footer: string | null;
  readonly buttons: readonly Button[];
  /** As `MessageView.files`. */
  readonly files?: readonly NoticeFile[];
}

/** A live answer: takes text as it arrives and keeps the platform's messages equal to the newest state. */
export interface Reply {
  /** Adds text. Never waits. */
  write(delta: string): void;
  /**
   * Ends the answer. Resolves to true once its last state is shown; to false if it cannot be: the place is gone or locked,
   * `signal` aborted, or the platform refused it or failed for an hour. Call once.
   */
  finish(ending: Ending): Promise<boolean>;
  /** Aborts, with the fault as its reason, once nothing can be shown any more; the provider can stop. */
  readonly gone: AbortSignal;
  /**
   * `Place.key` of the locked place in which nothing can be shown until somebody unlocks it; else null. The provider may go
   * on.
   */
  lockedAt(): string | null;
  /** How far the answer is, so that another process can continue it (`ReplyOptions.resumed`). */
  progress(): Progress;
}

export interface Progress {
  /** The number of complete messages. */
  readonly sealed: number;
  /** The key of the growing message; null if it is yet to come. */
  readonly message: string | null;
}

/** The state of an answer that another process began. The same text must be written again from its start. */
export interface Resumed {
  /** The number of complete messages, whose text is skipped. */
  readonly sealed: number;
  /** The growing message and its shown text, none of which is taken back; null if there is none. */
  readonly message: { readonly live: LiveMessage; readonly text: string } | null;
  /** Whether the text written again is everything that had arrived. If not, the messages may show more. */
  readonly isWhole: boolean;
}

/** The services behind all replies of a process. */
export interface Delivery {
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReplyOptions extends Delivery {
  readonly surface: Surface;
  /** The answer's id, for its buttons and marks. */
  readonly answerId: string;
  /** Shows nothing before the answer has ended. Default false. */
  readonly isWhole?: boolean;
  /**
   * Called for each message once it is open. Unless the surface keeps marks, the message keeps its buttons and no further one
   * opens until the result resolves, because after a crash the last message is found by its buttons and all others must be
   * stored. Must not reject.
   */
  readonly onOpen: (message: LiveMessage) => Promise<void> | void;
  /** Ends delivery at once. */
  readonly signal: AbortSignal;
  /** Aborts when nobody wants the answer any more; faults after that are retried only briefly. Default: never. */
  readonly unwanted?: AbortSignal;
  readonly resumed?: Resumed;
  /** An existing message, whose content the answer replaces. Not together with `resumed`. */
  readonly adopted?: LiveMessage;
}

export function createReply(options: ReplyOptions): Reply {
  const { surface, limiters, log, signal, resumed, answerId } = options;
  const buttons = buttonsAt(answerId, { state: 'running' });
  const splitter = createSplitter(surface.limits);
  const attempts = createAttempts(options);

  /** Parts whose last state no message shows yet, oldest first. The open part follows them. */
  const parts: Part[] = [];
  let ending: Ending | null = null;
  let wake: () => void = () => {};

  /** The message of the oldest part; null until it is open. */
  let message: LiveMessage | null = resumed?.message?.live ?? options.adopted ?? null;
  /** Whether that message shows nothing of this answer yet. */
  let isUntouched = options.adopted !== undefined;
  /** The scope in which the next write waits; null if none does. */
  let waitsIn: Scope | null = null;
  /** Whether the journal knows that message. */
  let isNoted = message !== null && !isUntouched;
  let sealed = resumed?.sealed ?? 0;
  /** The number of parts that an earlier process has shown and that are still to be skipped. */
  let toSkip = sealed;
  /** The current message's text before this process took over. */
  let before = resumed?.message?.text ?? '';
  /** The current message's view that was sent last, that is certainly shown, and that the platform refused. */
  let sent: MessageView | null = null;
  let stands: MessageView | null = null;
  let refused: MessageView | null = null;

  const room = createGrowthRoom({ limiters, surface, signal, onReady: () => wake() });

  /** The newest state of the current message; null if there is nothing to show yet. */
  function currentView(): MessageView | null {
    if (options.isWhole && ending === null) return null;
    const part = parts[0];
    const isOnlyPart = parts.length < 2;
    if (ending !== null && isOnlyPart) {
      const view = lastStateOf(part?.text ?? '', ending);
      if (isTooLong(view, surface)) {
        // The message stays full, and the next one shows only the note.
        parts.splice(0, 1, { ...EMPTY, text: view.text }, EMPTY);
        return currentView();
      }
      return view;
    }
    const text = splitter.view().trimEnd(); // Platforms drop white space at the end.
    const growing = { status: 'streaming', note: null, footer: null, buttons } as const;
    if (part === undefined) return text === '' ? null : { text, source: splitter.source(), ...growing };
    // A full message stays open until the next one has something to show, because it may be the last.
    const isFull = !isOnlyPart || text !== '';
    // Without a mark, its button identifies it until then, should this process die.
    const needsButton = !surface.keepsMarks && (message === null ? refused === null : !isNoted);
    if (isFull && !needsButton) return lastStateOf(part.text, SEALED);
    return { text: part.text, source: part.text, ...growing };
  }

  function lastStateOf(text: string, state: LastState): MessageView {
    if (isLast(refused)) return refusedView(stands ?? { text: before, source: before }, state, surface);
    return lastView(text, state, resumed?.isWhole ? '' : before);
  }

  async function note(opened: LiveMessage): Promise<void> {
    await options.onOpen(opened);
    if (message !== opened) return;
    isNoted = true;
    wake();
  }

  /** Sends the current message's newest state once the limiter allows it; `sent` is null if there is none. */
  async function send(): Promise<void> {
    const open = message;
    sent = null;
    waitsIn = open?.scope ?? surface.openScope;
    await limiters.run(
      waitsIn,
      () => {
        if (parts.length > 0 || ending !== null) return 'last';
        return open === null ? 'first' : 'interim';
      },
      async () => {
        waitsIn = null;
        sent = currentView();
        if (sent === null) return;
        const view = { ...sent, mark: { answerId, index: sealed } };
        if (open !== null) {
          if (isLast(sent)) room.release();
          await open.update(view, signal);
          if (isUntouched) void note(open);
          isUntouched = false;
          return;
        }
        message = await surface.openMessage(view, signal);
        void note(message);
      },
      signal,
    );
  }

  /** Whether a message must not start to grow yet. */
  function isUnaffordable(view: MessageView): boolean {
    // An ended answer is always shown, because no later state could save a write.
    const isFree = message !== null || isLast(view) || ending !== null;
    return !isFree && !room.isKept();
  }

  function woken(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  async function deliver(): Promise<boolean> {
    for (;;) {
      const wanted = currentView();
      if (wanted === null || isSame(wanted, stands) || isSame(wanted, refused)) {
        await woken();
        continue;
      }
      const { prepare } = surface;
      const facts = () => ({ status: sent?.status });
      if (message === null && prepare !== undefined) {
        const outcome = await attempts.attempt(() => prepare.call(surface, signal), facts);
        if (outcome === 'over') return false;
        if (outcome !== 'done') continue;
      }
      if (isUnaffordable(currentView() ?? wanted)) {
        await woken();
        continue;
      }
      const outcome = await attempts.attempt(send, facts);
      if (outcome === 'over') return false;
      if (outcome === 'again') continue;
      const isGivenUp = isLast(refused);
      if (outcome === 'done') stands = sent;
      else refused = sent;
      if (!isLast(sent) || (outcome === 'refused' && !isGivenUp)) continue;
      if (sent.status !== 'sealed') return outcome === 'done';
      parts.shift();
      message = stands = refused = null;
      isNoted = false;
      before = '';
      sealed++;
    }
  }

  const delivery = deliver()
    .catch((error: unknown) => {
      log.error({ err: error }, 'the delivery of an answer failed');
      attempts.giveUp(error);
      return false;
    })
    .finally(room.close);

  function addParts(more: readonly Part[]): void {
    if (more.length === 0) return;
    wake();
    const fresh = more.slice(toSkip);
    toSkip -= more.length - fresh.length;
    parts.push(...fresh);
    hurry();
  }

  function hurry(): void {
    if (waitsIn !== null) limiters.hurry(waitsIn);
  }

  return {
    gone: attempts.gone,
    lockedAt: attempts.lockedAt,
    progress() {
      // Until it has this answer's button, it cannot be found by that.
      return { sealed, message: isUntouched ? null : (message?.key ?? null) };
    },
    write(delta) {
      if (delta === '') return;
      addParts(splitter.push(delta));
      // An unaffordable message is checked again once it is affordable, or full.
      if (!room.isAwaited()) wake();
    },
    async finish(how) {
      const isCutShort = how.status !== 'complete';
      const tailLength = surface.tailLength?.(how) ?? 0;
      addParts(splitter.finish({ isCutShort, tailLength }));
      ending = how;
      wake();
      hurry();
      return delivery;
    },
  };
}

const EMPTY: Part = { text: '', prefix: '', body: '', suffix: '' };

function isSame(one: MessageView, other: MessageView | null): boolean {
  return one.status === other?.status && one.text === other.text && one.note === other.note;
}
