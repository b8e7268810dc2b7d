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

/** How an answer ended, as the last message of it shows. */
export interface Ending {
  readonly status: Exclude<ReplyStatus, 'streaming' | 'sealed'>;
  readonly note: string | null;
  readonly footer: string | null;
  readonly buttons: readonly Button[];
  /** As `MessageView.files`. */
  readonly files?: readonly NoticeFile[];
}

/** A live answer: takes text as it comes and keeps the platform's messages equal to the newest state. */
export interface Reply {
  /** Adds text. Never waits. */
  write(delta: string): void;
  /**
   * Ends the answer and resolves once its last state stands on the platform; false where that is out of reach: the
   * place is gone or locked, `signal` aborted, or the platform refuses it or did not take it for an hour. Call once.
   */
  finish(ending: Ending): Promise<boolean>;
  /** Aborted as soon as nothing can be shown any more, with the fault that says why: the provider need not go on. */
  readonly gone: AbortSignal;
  /** `Place.key` of what was locked, so that nothing can be shown until it is opened; null otherwise. The provider may go on. */
  readonly lockedAt: string | null;
  /** How far it has got, so that another process could go on from here (`ReplyOptions.resumed`). */
  readonly progress: Progress;
}

export interface Progress {
  /** Messages that are complete. */
  readonly sealed: number;
  /** Key of the one that is growing; null where it is still to come. */
  readonly message: string | null;
}

/** An answer that another process began. The same text has to be written again, from its start. */
export interface Resumed {
  /** Messages that are complete. Their part of the text is left out. */
  readonly sealed: number;
  /** The message that was growing, with the text that it shows, of which nothing is taken back; null where there is none. */
  readonly message: { readonly live: LiveMessage; readonly text: string } | null;
  /** Whether what is written again is all that had arrived: else more may have been shown than is known of. */
  readonly isWhole: boolean;
}

export interface ReplyOptions {
  readonly surface: Surface;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly log: Logger;
  /** Shown under the message that is growing. */
  readonly buttons: readonly Button[];
  /** Shows nothing before the answer has ended. False by default. */
  readonly isWhole?: boolean;
  /**
   * Told of each message as soon as it is open. Until what this returns has resolved, the message keeps its buttons and no next
   * one is opened: whoever goes on after a crash has to know of all messages but the last, and finds that by its buttons. Must not
   * reject.
   */
  readonly onOpen: (message: LiveMessage) => Promise<void> | void;
  /** Ends delivery at once, wherever it is. */
  readonly signal: AbortSignal;
  /** Aborts when nobody wants the answer any more: what fails from then on is not tried for long. Never by default. */
  readonly unwanted?: AbortSignal;
  readonly resumed?: Resumed;
  /** A message that stands already: the answer begins in the place of what it shows. Not together with `resumed`. */
  readonly adopted?: LiveMessage;
}

/** After a passing fault: so long, doubled each time … */
const FIRST_RETRY_MS = 500;
/** … up to this, and … */
const LONGEST_RETRY_MS = 30_000;
/** … no longer than this for one view. Outages of platforms last minutes; an hour outlives nearly all of them. */
const GIVE_UP_AFTER_MS = 3_600_000;

/** After somebody stopped the answer. */
const GIVE_UP_STOPPED_AFTER_MS = 15_000;
/** After a fault that is not known to pass; then the place counts as gone. */
const REFUSAL_RETRIES_MS: readonly number[] = [5_000, 20_000];

/** Stands after what a message shows where the platform does not take its last state. */
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
  /** Aborts when nothing of this answer waits any more. */
  const over = new AbortController();

  /** Parts that no message shows in their last state yet, oldest first. The open part comes after them. */
  const parts: Part[] = [];
  let ending: Ending | null = null;
  let wake: () => void = () => {};

  /** The message for the oldest part; null until it is open. */
  let message: LiveMessage | null = resumed?.message?.live ?? options.adopted ?? null;
  /** Whether that message shows nothing of this answer yet. */
  let isUntouched = options.adopted !== undefined;
  /** The room that is kept for the last state of that message; null while none is, or while … */
  let owed: Owed | null = null;
  /** … it is asked for. */
  let isAsking = false;
  /** Where the next write waits to be granted; null while none does. */
  let waitsIn: Scope | null = null;
  /** Whether the journal knows of that message. */
  let isNoted = message !== null && !isUntouched;
  let sealed = resumed?.sealed ?? 0;
  /** Parts that an earlier process has shown, and that are still to be left out. */
  let toSkip = sealed;
  /** What the current message showed before this process came. */
  let before = resumed?.message?.text ?? '';
  /** Of that message: what was sent last, what stands for certain, and what the platform refused. */
  let sent: MessageView | null = null;
  let stands: MessageView | null = null;
  let refused: MessageView | null = null;

  /** Since when the platform has taken nothing, and how many faults in a row that makes; null where all is well. */
  let faultySinceMs: number | null = null;
  let faults = 0;
  /** Of those in a row, how many are not known to pass. */
  let refusals = 0;
  let lockedAt: string | null = null;

  /** The newest state of the current message; null where there is nothing to show yet. */
  function currentView(): MessageView | null {
    if (options.isWhole && ending === null) return null;
    const part = parts[0];
    const isOnlyPart = parts.length < 2;
    if (ending !== null && isOnlyPart) {
      const view = lastView(part?.text ?? '', ending);
      if (isTooLong(view)) {
        // The message stays full, and the next one has the note alone.
        parts.splice(0, 1, { ...EMPTY, text: view.text }, EMPTY);
        return currentView();
      }
      return view;
    }
    const text = splitter.view().trimEnd(); // White space at an end shows nowhere.
    const growing = { status: 'streaming', note: null, footer: null, buttons: options.buttons } as const;
    if (part === undefined) return text === '' ? null : { text, source: splitter.source(), ...growing };
    // A full message stays open until there is something to show in the next one: it may be the last.
    const isFull = !isOnlyPart || text !== '';
    // Until then it is found by its button, should this process die.
    const needsButton = message === null ? refused === null : !isNoted;
    if (isFull && !needsButton) return lastView(part.text, SEALED);
    return { text: part.text, source: part.text, ...growing };
  }

  /** Where the platform refused that before, the message keeps what it shows and says that something is missing. */
  function lastView(text: string, { status, note, footer, buttons, files = [] }: LastState): MessageView {
    if (!isLast(refused)) {
      // After a sealed message comes the rest, also of what it shows beyond its cut.
      const isBehind = status !== 'sealed' && !resumed?.isWhole && said(text) < said(before);
      const whole = isBehind ? before : text;
      const shown = files.length === 0 ? {} : { files };
      return { text: whole, source: whole, status, note, footer, buttons, ...shown };
    }
    const { text: kept, source } = stands ?? { text: before, source: before };
    const view = { text: kept, source, status, note: REFUSED, footer, buttons };
    return isTooLong(view) ? { ...view, note: null } : view;
  }

  /** Of a message that another process began: it may show more than a last one may hold. */
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

  /** Sends the newest state of the current message as soon as the limiter lets it; `sent` is null if there is none. */
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
        if (isLast(sent)) settle();
        if (open !== null) {
          await open.update(sent, signal);
          if (isUntouched) void note(open);
          isUntouched = false;
          return;
        }
        message = await surface.open(sent, signal);
        void note(message);
      },
      signal,
    );
  }

  /** Whether a message must not begin to grow yet. Asks for room for its last state, and wakes the delivery once there is some. */
  function isUnaffordable(view: MessageView): boolean {
    // What has ended is shown at any price: no later state saves a write.
    const isFree = message !== null || isLast(view) || ending !== null || surface.updateScope === undefined;
    if (isFree || owed !== null) return false;
    if (isAsking) return true;
    isAsking = true;
    const asking = limiters.owe(surface.updateScope, AbortSignal.any([signal, over.signal]));
    asking.then(
      (granted) => {
        isAsking = false;
        owed = granted;
        if (over.signal.aborted) settle();
        wake();
      },
      () => {}, // The answer has ended.
    );
    return true;
  }

  /** The room that was kept is used, or not needed. */
  function settle(): void {
    owed?.release();
    owed = null;
  }

  /** `again`: a fault that may pass has been waited out. `over`: nothing can be shown any more. */
  async function attempt(work: () => Promise<void>): Promise<'done' | 'refused' | 'again' | 'over'> {
    try {
      await work();
      faultySinceMs = null;
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'over';
      if (error instanceof Unshowable) {
        log.error({ err: error, status: sent?.status }, 'the platform refuses a state of an answer');
        faultySinceMs = null;
        return 'refused';
      }
      if (error instanceof PlaceLocked) {
        log.info({ place: error.key }, 'an answer waits for its place to be opened');
        lockedAt = error.key;
        return 'over';
      }
      if (faultySinceMs === null) faults = refusals = 0;
      faultySinceMs ??= clock.now();
      const end = endAfter(error, faultySinceMs);
      if (end !== null) {
        log.warn({ err: error, faults }, 'an answer can be shown no more');
        gone.abort(end);
        return 'over';
      }
      if (error instanceof RateLimited) return 'again'; // The limiter waits.
      log.warn({ err: error, faults }, 'an answer could not be shown; trying again');
      const waitMs = isPassing(error)
        ? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** faults++)
        : (REFUSAL_RETRIES_MS[refusals++] ?? 0);
      // The next attempt sees the abort. Once nobody wants the answer, the next pauses are whole.
      await clock.sleep(waitMs, unwanted?.aborted ? signal : rushed).catch(() => {});
      return 'again';
    }
  }

  function woken(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  /** Why it is not tried again after this fault; null where it is. */
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
      log.error({ err: error }, 'the delivery of an answer broke');
      gone.abort(error);
      return false;
    })
    .finally(() => {
      over.abort(OVER);
      settle();
    });

  function take(more: readonly Part[]): void {
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
      // Until it carries this answer's button, nobody finds it by that.
      return { sealed, message: isUntouched ? null : (message?.key ?? null) };
    },
    write(delta) {
      if (delta === '') return;
      take(splitter.push(delta));
      // What waits to be affordable is looked at again when it is, or when a message is full.
      if (!isAsking) wake();
    },
    async finish(how) {
      const isCutShort = how.status !== 'complete';
      const tailLength = surface.tailLength?.(how) ?? 0;
      take(splitter.finish({ isCutShort, tailLength }));
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

/** Whether a message will not change any more after this view. */
function isLast(view: MessageView | null): view is MessageView & { readonly status: LastStatus } {
  return view !== null && view.status !== 'streaming';
}

/** How many characters a text has without those that close what is open while it grows. */
function said(text: string): number {
  return text.replace(/[\s*_~`|]/g, '').length;
}

function isSame(one: MessageView, other: MessageView | null): boolean {
  return one.status === other?.status && one.text === other.text && one.note === other.note;
}
