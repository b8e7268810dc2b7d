import { splitsPair } from '../../kit/text/text.ts';

/** A piece of content, split into its two kinds. */
export interface Sorted {
  readonly text: string;
  readonly reasoning: string;
}

const OPEN = '<think>';
const CLOSE = '</think>';
const NOTHING: Sorted = { text: '', reasoning: '' };

/**
 * Separates reasoning that a model writes into its content from the answer after it. Only a block at the very beginning of the
 * content is reasoning, as DeepSeek R1 and Qwen write it. A closing tag in code marks is ignored.
 */
export class ThinkingFilter {
  #state: 'before' | 'inside' | 'answer';
  /** Before the block: text that may still become the opening tag. Inside: text that may be the start of the closing tag. */
  #held = '';
  /** The whole block as sent. */
  #block = '';

  /**
   * @param startsInside for models whose template opens the block: everything is held back until the block is closed or the
   * answer ends
   */
  constructor(startsInside: boolean) {
    this.#state = startsInside ? 'inside' : 'before';
  }

  push(content: string): Sorted {
    if (this.#state === 'answer') return { text: content, reasoning: '' };
    return this.#state === 'before' ? this.#before(content) : this.#inside(content);
  }

  /**
   * Returns text that was held back. In a complete answer, reasoning that was never closed is taken as the answer, because a
   * model that ends properly has said something.
   */
  end(isWhole: boolean): Sorted {
    const rest = this.#held;
    const whole = this.#block + rest;
    this.#held = '';
    if (this.#state === 'before') return { text: rest, reasoning: '' };
    if (this.#state === 'answer') return NOTHING;
    return isWhole ? { text: whole, reasoning: '' } : { text: '', reasoning: rest };
  }

  #before(content: string): Sorted {
    const all = this.#held + content;
    const start = all.trimStart();
    const mayOpen = start.length < OPEN.length && OPEN.startsWith(start);
    this.#held = mayOpen ? all : '';
    if (mayOpen) return NOTHING;
    if (!start.startsWith(OPEN)) {
      this.#state = 'answer';
      return { text: this.#block === '' ? all : start, reasoning: '' };
    }
    this.#state = 'inside';
    this.#block = OPEN;
    return this.#inside(start.slice(OPEN.length));
  }

  #inside(content: string): Sorted {
    const all = this.#held + content;
    // A whole tag that was held stood in code marks.
    const close = closeOf(all, this.#held === CLOSE ? 1 : 0);
    if (close !== null) {
      this.#block = OPEN;
      this.#held = '';
      this.#state = 'before';
      const rest = this.#before(all.slice(close + CLOSE.length));
      return { text: rest.text, reasoning: all.slice(0, close) + rest.reasoning };
    }
    // Includes the code mark before a tag.
    const cut = Math.max(0, all.length - CLOSE.length);
    const from = splitsPair(all, cut) ? cut - 1 : cut;
    this.#held = all.slice(from);
    this.#block += all.slice(0, from);
    return { text: '', reasoning: all.slice(0, from) };
  }
}

/** The position of the closing tag from `start` on; null if there is none yet. */
function closeOf(text: string, start: number): number | null {
  for (let at = text.indexOf(CLOSE, start); at >= 0; at = text.indexOf(CLOSE, at + 1)) {
    if (text[at - 1] !== '`') return at;
  }
  return null;
}
