/** What a piece of content turned out to be. */
interface Sorted {
  readonly text: string;
  readonly reasoning: string;
}

/** Tells the reasoning that a model writes into its content from the answer behind it. */
export interface ThinkingFilter {
  push(content: string): Sorted;
  /**
   * What was held back. Reasoning that was never closed is the answer after all, in an answer that was whole: a model that
   * ends in good order says something.
   */
  end(isWhole: boolean): Sorted;
}

const OPEN = '<think>';
const CLOSE = '</think>';
const NOTHING: Sorted = { text: '', reasoning: '' };

/**
 * Only blocks at the very beginning of the content are reasoning, as DeepSeek R1 and Qwen write them. A closing tag in code
 * marks closes nothing.
 * @param startsInside for models whose template opens the block: all is held back until it is closed, or the answer ends
 */
export function createThinkingFilter(startsInside: boolean): ThinkingFilter {
  let state: 'before' | 'inside' | 'answer' = startsInside ? 'inside' : 'before';
  /** Before: what may still begin with the tag. Inside: the end of the block that may be part of a tag. */
  let held = '';
  /** All of the block, as it was sent. */
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
    const close = closeOf(all);
    if (close !== null) {
      block = OPEN;
      held = '';
      state = 'before';
      const rest = before(all.slice(close + CLOSE.length));
      return { text: rest.text, reasoning: all.slice(0, close) + rest.reasoning };
    }
    // The mark before a tag counts too.
    const from = Math.max(0, all.length - CLOSE.length);
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

/** Where the block is closed; null if it is not yet. */
function closeOf(text: string): number | null {
  for (let at = text.indexOf(CLOSE); at >= 0; at = text.indexOf(CLOSE, at + 1)) {
    if (text[at - 1] !== '`') return at;
  }
  return null;
}
