import type { Logger } from 'pino';
import type { Clock } from '../kit/clock.ts';
import { OVER } from '../kit/over.ts';
import { createSplitter, type Part } from '../markdown/splitter.ts';
import type { Button } from '../ports/buttons.ts';
import { PassingFault, PlaceGone, PlaceLocked, RateLimited, Unshowable } from '../ports/delivery-errors.ts';
import type { Scope } from '../ports/scope.ts';
import type { LiveMessage, MessageView, NoticeFile, ReplyStatus, Surface } from '../ports/surface.ts';
import type { Owed } from './lane.ts';
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
  readonly lockedAt: string | null;
  /** How far the answer is, so that another process can continue it (`ReplyOptions.resumed`). */
  readonly progress: Progress;
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

export interface ReplyOptions {
  readonly surface: Surface;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly log: Logger;
  /** Buttons of the growing message. */
  readonly buttons: readonly Button[];
  /** Shows nothing before the answer has ended. Default false. */
  readonly isWhole?: boolean;
  /**
   * Called for each message once it is open. Until its result resolves, the message keeps its buttons and no further one
   * opens, because after a crash the last message is found by its buttons and all others must be stored. Must not reject.
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

/** The first wait after a temporary fault; it doubles each time … */
const FIRST_RETRY_MS = 500;
/** … up to this … */
const LONGEST_RETRY_MS = 30_000;
/** … for at most this time per view. Platforms' outages last minutes; nearly all end within an hour. */
const GIVE_UP_AFTER_MS = 3_600_000;

/** The same, after somebody stopped the answer. */
const GIVE_UP_STOPPED_AFTER_MS = 15_000;
/** Waits after a fault that is not known to be temporary; after these the place counts as gone. */
const REFUSAL_RETRIES_MS: readonly number[] = [5_000, 20_000];

/** The note if the platform does not accept the last state. */
const REFUSED = 'The platform refused to show part of the answer here.';

export function createReply(options: ReplyOptions): Reply {
  const { surface, limiters, clock, log, signal, unwanted, resumed } = options;
  const rushed = unwanted === undefined ? signal : AbortSignal.any([signal, unwanted]);
  let unwantedAtMs = Number.POSITIVE_INFINITY;
  unwanted?.addEventListener('abort', () => {
    unwantedAtMs = clock.now();
  });
  const splitter = createSplitter(surface.limits);
  const gone = new AbortController();
  /** Aborts once nothing of this answer waits any more. */
  const over = new AbortController();

  /** Parts whose last state no message shows yet, oldest first. The open part follows them. */
  const parts: Part[] = [];
  let ending: Ending | null = null;
  let wake: () => void = () => {};

  /** The message of the oldest part; null until it is open. */
  let message: LiveMessage | null = resumed?.message?.live ?? options.adopted ?? null;
  /** Whether that message shows nothing of this answer yet. */
  let isUntouched = options.adopted !== undefined;
  /** The room kept for that message's last state; null if none is kept, or while … */
  let owed: Owed | null = null;
  /** … it is being requested. */
  let isAsking = false;
  /** The scope in which the next write waits; null if none does. */
  let waitsIn: Scope | null = null;
  /** Whether the journal knows that message. */
  let isNoted = message !== null && !isUntouched;
  let sealed = resumed?.sealed ?? 0;
  /** The number of parts that an earlier process has shown and that are still to be skipped. */
  let toSkip = sealed;
  /** The current message's text before this process took over. */
  let before = resumed?.message?.text ?? '';
  /** Of the current message: the view sent last, the view certainly shown, and the view that the platform refused. */
  let sent: MessageView | null = null;
  let stands: MessageView | null = null;
  let refused: MessageView | null = null;

  /** The time since which every try failed, and the number of tries; null if the last one worked. */
  let faultySinceMs: number | null = null;
  let faults = 0;
  /** The number of those faults that are not known to be temporary. */
  let refusals = 0;
  let lockedAt: string | null = null;

  /** The newest state of the current message; null if there is nothing to show yet. */
  function currentView(): MessageView | null {
    if (options.isWhole && ending === null) return null;
    const part = parts[0];
    const isOnlyPart = parts.length < 2;
    if (ending !== null && isOnlyPart) {
      const view = lastView(part?.text ?? '', ending);
      if (isTooLong(view)) {
        // The message stays full, and the next one shows only the note.
        parts.splice(0, 1, { ...EMPTY, text: view.text }, EMPTY);
        return currentView();
      }
      return view;
    }
    const text = splitter.view().trimEnd(); // Platforms drop white space at the end.
    const growing = { status: 'streaming', note: null, footer: null, buttons: options.buttons } as const;
    if (part === undefined) return text === '' ? null : { text, source: splitter.source(), ...growing };
    // A full message stays open until the next one has something to show, because it may be the last.
    const isFull = !isOnlyPart || text !== '';
    // Until then its button identifies it, should this process die.
    const needsButton = message === null ? refused === null : !isNoted;
    if (isFull && !needsButton) return lastView(part.text, SEALED);
    return { text: part.text, source: part.text, ...growing };
  }

  /** If the platform refused the state before, the message keeps its content and notes that something is missing. */
  function lastView(text: string, { status, note, footer, buttons, files = [] }: LastState): MessageView {
    if (!isLast(refused)) {
      // The rest follows a sealed message, including text that it shows beyond its cut.
      const isBehind = status !== 'sealed' && !resumed?.isWhole && said(text) < said(before);
      const whole = isBehind ? before : text;
      const shown = files.length === 0 ? {} : { files };
      return { text: whole, source: whole, status, note, footer, buttons, ...shown };
    }
    const { text: kept, source } = stands ?? { text: before, source: before };
    const view = { text: kept, source, status, note: REFUSED, footer, buttons };
    return isTooLong(view) ? { ...view, note: null } : view;
  }

  /** Whether another process's message shows more than a last message may contain. */
  function isTooLong(view: MessageView): boolean {
    const { lengthOf = (text: string) => text.length, maxChars } = surface.limits;
    const tailLength = surface.tailLength?.(view) ?? 0;
    return view.text !== '' && tailLength > 0 && lengthOf(view.text) + tailLength > maxChars;
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
        if (isLast(sent)) releaseRoom();
        if (open !== null) {
          await open.update(sent, signal);
          if (isUntouched) void note(open);
          isUntouched = false;
          return;
        }
        message = await surface.openMessage(sent, signal);
        void note(message);
      },
      signal,
    );
  }

  /**
   * Whether a message must not start to grow yet. If so, asks for room for its last state and wakes the delivery once there
   * is some.
   */
  function isUnaffordable(view: MessageView): boolean {
    // An ended answer is always shown, because no later state could save a write.
    const isFree = message !== null || isLast(view) || ending !== null || surface.updateScope === undefined;
    if (isFree || owed !== null) return false;
    if (isAsking) return true;
    isAsking = true;
    const asking = limiters.owe(surface.updateScope, AbortSignal.any([signal, over.signal]));
    asking.then(
      (granted) => {
        isAsking = false;
        owed = granted;
        if (over.signal.aborted) releaseRoom();
        wake();
      },
      () => {}, // The answer has ended.
    );
    return true;
  }

  /** Releases the kept room: it is used, or not needed. */
  function releaseRoom(): void {
    owed?.release();
    owed = null;
  }

  /** Runs a write. `again`: failed temporarily, and has waited. `over`: nothing can be shown any more. */
  async function attempt(work: () => Promise<void>): Promise<'done' | 'refused' | 'again' | 'over'> {
    try {
      await work();
      faultySinceMs = null;
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'over';
      if (error instanceof Unshowable) {
        log.error({ err: error, status: sent?.status }, 'the platform refused a state of an answer');
        faultySinceMs = null;
        return 'refused';
      }
      if (error instanceof PlaceLocked) {
        log.info({ place: error.key }, 'an answer waits for its place to be unlocked');
        lockedAt = error.key;
        return 'over';
      }
      if (faultySinceMs === null) faults = refusals = 0;
      faultySinceMs ??= clock.now();
      const end = endAfter(error, faultySinceMs);
      if (end !== null) {
        log.warn({ err: error, faults }, 'gave up showing an answer');
        gone.abort(end);
        return 'over';
      }
      if (error instanceof RateLimited) return 'again'; // The limiter waits.
      log.warn({ err: error, faults }, 'could not show an answer; retrying');
      const waitMs = isPassing(error)
        ? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** faults++)
        : (REFUSAL_RETRIES_MS[refusals++] ?? 0);
      // The next attempt sees the abort. Once nobody wants the answer, later waits are not shortened.
      await clock.sleep(waitMs, unwanted?.aborted ? signal : rushed).catch(() => {});
      return 'again';
    }
  }

  function woken(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  /** The reason to give up after this fault; null to retry. */
  function endAfter(error: unknown, sinceMs: number): unknown {
    if (error instanceof PlaceGone) return error;
    if (!isPassing(error)) {
      return refusals < REFUSAL_RETRIES_MS.length ? null : new PlaceGone('refused', { cause: error });
    }
    const nowMs = clock.now();
    const isStale =
      unwantedAtMs <= nowMs && nowMs - Math.max(sinceMs, unwantedAtMs) > GIVE_UP_STOPPED_AFTER_MS;
    return isStale || nowMs - sinceMs > GIVE_UP_AFTER_MS ? error : null;
  }

  async function deliver(): Promise<boolean> {
    for (;;) {
      const wanted = currentView();
      if (wanted === null || isSame(wanted, stands) || isSame(wanted, refused)) {
        await woken();
        continue;
      }
      const { prepare } = surface;
      if (message === null && prepare !== undefined) {
        const outcome = await attempt(() => prepare.call(surface, signal));
        if (outcome === 'over') return false;
        if (outcome !== 'done') continue;
      }
      if (isUnaffordable(currentView() ?? wanted)) {
        await woken();
        continue;
      }
      const outcome = await attempt(send);
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
      gone.abort(error);
      return false;
    })
    .finally(() => {
      over.abort(OVER);
      releaseRoom();
    });

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
    gone: gone.signal,
    get lockedAt() {
      return lockedAt;
    },
    get progress() {
      // Until it has this answer's button, it cannot be found by that.
      return { sealed, message: isUntouched ? null : (message?.key ?? null) };
    },
    write(delta) {
      if (delta === '') return;
      addParts(splitter.push(delta));
      // An unaffordable message is checked again once it is affordable, or full.
      if (!isAsking) wake();
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

function isPassing(error: unknown): boolean {
  return error instanceof PassingFault || error instanceof RateLimited;
}

type LastState = Pick<MessageView, 'note' | 'footer' | 'buttons' | 'files'> & { readonly status: LastStatus };
type LastStatus = Exclude<ReplyStatus, 'streaming'>;

const EMPTY: Part = { text: '', prefix: '', body: '', suffix: '' };
const SEALED: LastState = { status: 'sealed', note: null, footer: null, buttons: [] };

/** Whether the message does not change any more after this view. */
function isLast(view: MessageView | null): view is MessageView & { readonly status: LastStatus } {
  return view !== null && view.status !== 'streaming';
}

/** The length of a text without the characters that close half-open markup. */
function said(text: string): number {
  return text.replace(/[\s*_~`|]/g, '').length;
}

function isSame(one: MessageView, other: MessageView | null): boolean {
  return one.status === other?.status && one.text === other.text && one.note === other.note;
}
