import { type Part, Splitter } from '../markdown/cut/splitter.ts';
import type { TextLimits } from '../ports/surface.ts';

/** The text of an answer from its current message on: the parts that are complete, and the open one behind them. */
export class UnsealedText {
  readonly #splitter: Splitter;
  /** Oldest first. */
  readonly #complete: string[] = [];
  /** The number of parts that an earlier process has shown and that are still to be skipped. */
  #toSkip: number;

  constructor(limits: TextLimits, toSkip: number) {
    this.#splitter = new Splitter(limits);
    this.#toSkip = toSkip;
  }

  /** The number of complete parts; the first is for the current message. */
  get parts(): number {
    return this.#complete.length;
  }

  /** The whole text of the current message, if that is complete. */
  get whole(): string | undefined {
    return this.#complete[0];
  }

  /** The open part as it can be shown now. */
  open(): string {
    return this.#splitter.view().trimEnd(); // Platforms drop white space at the end.
  }

  /** The open part as it was sent. */
  openSource(): string {
    return this.#splitter.source();
  }

  /** Whether the text completed a part. */
  write(delta: string): boolean {
    return this.#add(this.#splitter.push(delta));
  }

  /** As `Splitter.finish`. */
  finish(how: { readonly isCutShort: boolean; readonly tailLength: number }): boolean {
    return this.#add(this.#splitter.finish(how));
  }

  #add(more: readonly Part[]): boolean {
    const fresh = more.slice(this.#toSkip);
    this.#toSkip -= more.length - fresh.length;
    this.#complete.push(...fresh.map(({ text }) => text));
    return more.length > 0;
  }

  /** The current message has this text, and one more, without text, follows it. */
  followWithEmpty(text: string): void {
    this.#complete.splice(0, 1, text, '');
  }

  /** The current message does not change any more. */
  seal(): void {
    this.#complete.shift();
  }
}
