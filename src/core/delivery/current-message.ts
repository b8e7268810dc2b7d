import type { LiveMessage, MessageView, Surface } from '../ports/surface.ts';
import { isLast, type LastState, lastView, refusedView } from './last-view.ts';

/** The growing message of an answer that another process began. */
export interface LeftMessage {
  /** The message and its shown text, none of which is taken back; null if there is none. */
  readonly message: { readonly live: LiveMessage; readonly text: string } | null;
  /** Whether the text written again is everything that had arrived. If not, the messages may show more. */
  readonly isWhole: boolean;
}

/** The message that an answer grows in, or the next one while it is not open yet. */
export class CurrentMessage {
  /** Null until it is open. */
  live: LiveMessage | null;
  /** Whether it is an existing message that shows nothing of this answer yet. */
  isUntouched: boolean;
  /** Whether the journal knows it. */
  isNoted: boolean;
  /** Its text before this process took over, and whether the answer's text may take some of it back. */
  readonly #before: string;
  readonly #isWhole: boolean;
  /** The view that is certainly shown, and the last one that the platform refused. */
  #stands: MessageView | null = null;
  #refused: MessageView | null = null;

  /** @param adopted as `ReplyOptions.adopted` */
  constructor(left?: LeftMessage, adopted?: LiveMessage) {
    this.live = left?.message?.live ?? adopted ?? null;
    this.isUntouched = adopted !== undefined;
    this.isNoted = this.live !== null && !this.isUntouched;
    this.#before = left?.message?.text ?? '';
    this.#isWhole = left?.isWhole ?? false;
  }

  /** Whether it must show a button, by which it is found if this process dies. */
  needsButton({ keepsMarks = false }: Surface): boolean {
    return !keepsMarks && (this.live === null ? this.#refused === null : !this.isNoted);
  }

  /** The view in which it stays. */
  lastState(text: string, state: LastState, surface: Surface): MessageView {
    if (!isLast(this.#refused)) return lastView(text, state, this.#isWhole ? '' : this.#before);
    return refusedView(this.#stands ?? { text: this.#before, source: this.#before }, state, surface);
  }

  /** Whether it shows this view, or the platform refused it. */
  isSettled(view: MessageView): boolean {
    return isSame(view, this.#stands) || isSame(view, this.#refused);
  }

  /** Remembers what became of a view; null if there was none to send. True if the message stays like that. */
  settle(view: MessageView | null, outcome: 'done' | 'refused'): boolean {
    const isGivenUp = isLast(this.#refused);
    if (outcome === 'done') this.#stands = view;
    else this.#refused = view;
    return isLast(view) && (outcome === 'done' || isGivenUp);
  }
}

function isSame(one: MessageView, other: MessageView | null): boolean {
  return one.status === other?.status && one.text === other.text && one.note === other.note;
}
