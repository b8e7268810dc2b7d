import { splitsPair } from '../../kit/text/text.ts';
import type { TextLimits } from '../../ports/surface.ts';
import { type BlockState, startIn } from '../blocks/block-state.ts';
import { Healer, heal } from '../blocks/healer.ts';
import { type Prefix, unindent } from './cut.ts';

/** The part of a growing answer that is not sealed yet. */
export class OpenPart {
  readonly prefix: Prefix;
  /** The prefix as text; `text` begins with it. */
  readonly lead: string;
  readonly start: BlockState;
  readonly #limits: Required<TextLimits>;
  readonly #healer: Healer;
  #text: string;
  #length: number;
  #isFilled = false;

  constructor(prefix: Prefix, limits: Required<TextLimits>) {
    this.prefix = prefix;
    this.lead = prefix.block + prefix.inline;
    this.start = { ...startIn(limits.dialect), containers: prefix.items };
    this.#limits = limits;
    this.#healer = new Healer(limits.dialect, this.start);
    this.#healer.push(this.lead);
    this.#text = this.lead;
    this.#length = limits.lengthOf(this.lead);
  }

  get text(): string {
    return this.#text;
  }

  /** Whether more than white space has come. */
  get isFilled(): boolean {
    return this.#isFilled;
  }

  fits(text: string): boolean {
    return this.#length + this.#limits.lengthOf(text) <= this.#limits.maxChars;
  }

  append(text: string): void {
    this.#text += text;
    this.#length += this.#limits.lengthOf(text);
    this.#isFilled ||= text.trim() !== '';
    this.#healer.push(text);
  }

  /** The block state at its end. */
  endState(): BlockState {
    return this.#healer.endState();
  }

  /** As it was sent. */
  source(): string {
    return this.#show(this.#text);
  }

  /** As it can be shown now, followed by `tail`: healed. */
  healed(tail = ''): string {
    return this.#show(this.#healer.view(tail));
  }

  /** `healed` within the limit; empty if nothing is visible yet. */
  view(tail: string): string {
    if (!this.#isFilled && tail.trim() === '') return '';
    const { maxChars, lengthOf } = this.#limits;
    const text = this.#text + tail;
    let healed = this.healed(tail);
    // Just before the part is sealed, the closing markup may not fit; the part's last characters then wait for the seal.
    for (let end = text.length; lengthOf(healed) > maxChars; ) {
      end -= Math.max(1, lengthOf(healed) - maxChars);
      if (splitsPair(text, end)) end--;
      healed = this.#show(this.#healedTo(Math.max(0, end), tail));
    }
    return healed;
  }

  /** The first characters of the part and its tail, healed. */
  #healedTo(end: number, tail: string): string {
    const tailEnd = end - this.#text.length;
    if (tailEnd < 0) return heal(this.#text.slice(0, end), this.#limits.dialect, this.start);
    const longer = this.#healer.copy();
    longer.push(tail.slice(0, tailEnd));
    return longer.view();
  }

  #show(text: string): string {
    return unindent(text, this.prefix.items);
  }
}
