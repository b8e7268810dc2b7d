import type { Logger } from 'pino';
import type { Clock } from '../kit/time/clock.ts';
import { type Button, buttonsAt } from '../ports/buttons.ts';
import type { Scope } from '../ports/scope.ts';
import type { LiveMessage, MessageView, NoticeFile, ReplyStatus, Surface } from '../ports/surface.ts';
import { Attempts } from './attempts.ts';
import { CurrentMessage, type LeftMessage } from './current-message.ts';
import { GrowthRoom } from './growth-room.ts';
import { isLast, isTooLong, SEALED } from './last-view.ts';
import { UnsealedText } from './unsealed-text.ts';
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

export interface Progress {
  /** The number of complete messages. */
  readonly sealed: number;
  /** The key of the growing message; null if it is yet to come. */
  readonly message: string | null;
}

/** The state of an answer that another process began. The same text must be written again from its start. */
export interface Resumed extends LeftMessage {
  /** The number of complete messages, whose text is skipped. */
  readonly sealed: number;
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
  /** Called once nothing can be shown any more; the provider can stop. Default: nothing. */
  readonly onGone?: () => void;
  readonly resumed?: Resumed;
  /** An existing message, whose content the answer replaces. Not together with `resumed`. */
  readonly adopted?: LiveMessage;
}

/**
 * A live answer: takes text as it arrives and keeps the platform's messages equal to the newest state. One loop sends the state
 * of one message after another, and sleeps until something wakes it.
 */
export class Reply {
  readonly #options: ReplyOptions;
  readonly #buttons: readonly Button[];
  readonly #attempts: Attempts;
  readonly #room: GrowthRoom;
  readonly #text: UnsealedText;
  #ending: Ending | null = null;
  #message: CurrentMessage;
  #sealed: number;
  /** The view of the current message that was sent last. */
  #sent: MessageView | null = null;
  /** The scope in which the next write waits; null if none does. */
  #waitsIn: Scope | null = null;
  #wake: () => void = () => {};
  readonly #delivery: Promise<boolean>;

  constructor(options: ReplyOptions) {
    const { surface, limiters, resumed, answerId } = options;
    this.#options = options;
    this.#buttons = buttonsAt(answerId, { state: 'running' });
    this.#attempts = new Attempts(options);
    this.#room = new GrowthRoom(limiters, surface, () => this.#wake());
    this.#sealed = resumed?.sealed ?? 0;
    this.#text = new UnsealedText(surface.limits, this.#sealed);
    this.#message = new CurrentMessage(resumed, options.adopted);
    this.#delivery = this.#deliver();
  }

  /** Adds text. Never waits. */
  write(delta: string): void {
    if (delta === '') return;
    if (this.#text.write(delta)) this.#hurry();
    // An unaffordable message is checked again once it is affordable, or full.
    else if (!this.#room.isAwaited()) this.#wake();
  }

  /**
   * Ends the answer. Resolves to true once its last state is shown; to false if it cannot be: the place is gone or locked,
   * `signal` aborted, or the platform refused it or failed for an hour. Call once.
   */
  async finish(ending: Ending): Promise<boolean> {
    const isCutShort = ending.status !== 'complete';
    const tailLength = this.#options.surface.tailLength?.(ending) ?? 0;
    this.#text.finish({ isCutShort, tailLength });
    this.#ending = ending;
    this.#hurry();
    return this.#delivery;
  }

  /** Nobody wants the answer any more: faults after this are retried only briefly. */
  unwanted(): void {
    this.#attempts.unwanted();
  }

  /** The fault after which nothing can be shown any more; null while something can. */
  gone(): unknown {
    return this.#attempts.gone;
  }

  /** `Place.key` of a locked place, where nothing is shown until somebody unlocks it; else null. The provider may go on. */
  lockedAt(): string | null {
    return this.#attempts.lockedAt;
  }

  /** How far the answer is, so that another process can continue it (`ReplyOptions.resumed`). */
  progress(): Progress {
    const { isUntouched, live } = this.#message;
    // Until it has this answer's button, it cannot be found by that.
    return { sealed: this.#sealed, message: isUntouched ? null : (live?.key ?? null) };
  }

  /** Looks at the newest state, and lets a write that waits know that it may be a last one. */
  #hurry(): void {
    this.#wake();
    if (this.#waitsIn !== null) this.#options.limiters.hurry(this.#waitsIn);
  }

  async #deliver(): Promise<boolean> {
    const { surface, signal, log } = this.#options;
    const facts = () => ({ status: this.#sent?.status });
    const send = () => this.#send();
    try {
      for (;;) {
        const wanted = this.#view();
        if (wanted === null || this.#message.isSettled(wanted)) {
          await this.#woken();
          continue;
        }
        if (this.#message.live === null && surface.prepare !== undefined) {
          const outcome = await this.#attempts.attempt(surface.prepare.bind(surface, signal), facts);
          if (outcome === 'over') return false;
          if (outcome !== 'done') continue;
        }
        if (this.#isUnaffordable(this.#view() ?? wanted)) {
          await this.#woken();
          continue;
        }
        const outcome = await this.#attempts.attempt(send, facts);
        if (outcome === 'over') return false;
        if (outcome === 'again' || !this.#message.settle(this.#sent, outcome)) continue;
        if (this.#sent?.status !== 'sealed') return outcome === 'done';
        this.#text.seal();
        this.#message = new CurrentMessage();
        this.#sealed++;
      }
    } catch (error) {
      log.error({ err: error }, 'the delivery of an answer failed');
      this.#attempts.giveUp(error);
      return false;
    } finally {
      this.#room.close();
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The newest state of the current message; null if there is nothing to show yet. */
  #view(): MessageView | null {
    const { surface, isWhole = false } = this.#options;
    if (this.#ending === null) return isWhole ? null : this.#growingView();
    if (this.#text.parts > 1) return this.#growingView();
    const view = this.#message.lastState(this.#text.whole ?? '', this.#ending, surface);
    if (!isTooLong(view, surface)) return view;
    // The message stays full, and the next one shows only the note.
    this.#text.followWithEmpty(view.text);
    return this.#growingView();
  }

  /** The state of a message that is not the last one as far as is known. */
  #growingView(): MessageView | null {
    const { surface } = this.#options;
    const { parts, whole } = this.#text;
    const text = this.#text.open();
    const growing = { status: 'streaming', note: null, footer: null, buttons: this.#buttons } as const;
    if (whole === undefined)
      return text === '' ? null : { text, source: this.#text.openSource(), ...growing };
    // A full message stays open until the next one has something to show, because it may be the last.
    const isFull = parts > 1 || text !== '';
    if (isFull && !this.#message.needsButton(surface)) {
      return this.#message.lastState(whole, SEALED, surface);
    }
    return { text: whole, source: whole, ...growing };
  }

  /** Whether a message must not start to grow yet. */
  #isUnaffordable(view: MessageView): boolean {
    // An ended answer is always shown, because no later state could save a write.
    const isFree = this.#message.live !== null || isLast(view) || this.#ending !== null;
    return !isFree && !this.#room.isKept();
  }

  /** Sends the current message's newest state once the limiter allows it; `#sent` is null if there is none. */
  async #send(): Promise<void> {
    const { surface, limiters, signal } = this.#options;
    this.#sent = null;
    this.#waitsIn = this.#message.live?.scope ?? surface.openScope;
    await limiters.run(
      this.#waitsIn,
      () => {
        if (this.#text.parts > 0 || this.#ending !== null) return 'last';
        return this.#message.live === null ? 'first' : 'interim';
      },
      () => this.#write(),
      signal,
    );
  }

  async #write(): Promise<void> {
    const { surface, answerId, signal } = this.#options;
    const message = this.#message;
    this.#waitsIn = null;
    const view = this.#view();
    this.#sent = view;
    if (view === null) return;
    const marked = { ...view, mark: { answerId, index: this.#sealed } };
    if (message.live === null) {
      message.live = await surface.openMessage(marked, signal);
      void this.#note(message, message.live);
      return;
    }
    if (isLast(view)) this.#room.release();
    await message.live.update(marked, signal);
    if (message.isUntouched) void this.#note(message, message.live);
    message.isUntouched = false;
  }

  async #note(message: CurrentMessage, opened: LiveMessage): Promise<void> {
    await this.#options.onOpen(opened);
    message.isNoted = true;
    this.#wake();
  }
}
