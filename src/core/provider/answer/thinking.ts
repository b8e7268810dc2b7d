import { splitsPair } from '../../kit/text.ts';

/** A piece of content, split into its two kinds. */
export interface Sorted {
  readonly text: string;
  readonly reasoning: string;
}

/** Separates reasoning that a model writes into its content from the answer after it. */
export interface ThinkingFilter {
  push(content: string): Sorted;
  /**
   * Returns text that was held back. In a complete answer, reasoning that was never closed is taken as the answer, because a
   * model that ends properly has said something.
   */
  end(isWhole: boolean): Sorted;
}

const OPEN = '<think>';
const CLOSE = '</think>';
const NOTHING: Sorted = { text: '', reasoning: '' };

/**
 * Only a block at the very beginning of the content is reasoning, as DeepSeek R1 and Qwen write it. A closing tag in code
 * marks is ignored.
 * @param startsInside for models whose template opens the block: everything is held back until the block is closed or the
 * answer ends
 */
export function createThinkingFilter(startsInside: boolean): ThinkingFilter {
  let state: 'before' | 'inside' | 'answer' = startsInside ? 'inside' : 'before';
  /** Before the block: text that may still become the opening tag. Inside: text that may be the start of the closing tag. */
  let held = '';
  /** The whole block as sent. */
  let block = '';

  function before(content: string): Sorted {
    held += content;
    const start = held.trimStart();
    if (start.length < OPEN.length && OPEN.startsWith(start)) return NOTHING;
    const rest = held;
    held = '';
    if (!start.startsWith(OPEN)) {
      state = 'answer';
      return { text: block === '' ? rest : start, reasoning: '' };
    }
    state = 'inside';
    block = OPEN;
    return inside(start.slice(OPEN.length));
  }

  function inside(content: string): Sorted {
    const all = held + content;
    // A whole tag that was held stood in code marks.
    const close = closeOf(all, held === CLOSE ? 1 : 0);
    if (close !== null) {
      block = OPEN;
      held = '';
      state = 'before';
      const rest = before(all.slice(close + CLOSE.length));
      return { text: rest.text, reasoning: all.slice(0, close) + rest.reasoning };
    }
    // Includes the code mark before a tag.
    const cut = Math.max(0, all.length - CLOSE.length);
    const from = splitsPair(all, cut) ? cut - 1 : cut;
    held = all.slice(from);
    block += all.slice(0, from);
    return { text: '', reasoning: all.slice(0, from) };
  }

  return {
    push(content) {
      if (state === 'answer') return { text: content, reasoning: '' };
      return state === 'before' ? before(content) : inside(content);
    },
    end(isWhole) {
      const rest = held;
      const whole = block + rest;
      held = '';
      if (state === 'before') return { text: rest, reasoning: '' };
      if (state === 'inside') return isWhole ? { text: whole, reasoning: '' } : { text: '', reasoning: rest };
      return NOTHING;
    },
  };
}

/** The position of the closing tag from `start` on; null if there is none yet. */
function closeOf(text: string, start: number): number | null {
  for (let at = text.indexOf(CLOSE, start); at >= 0; at = text.indexOf(CLOSE, at + 1)) {
    if (text[at - 1] !== '`') return at;
  }
  return null;
}
