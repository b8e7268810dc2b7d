import type { ChatMessage } from '../provider/types.ts';

/** A question with its answer, as it goes to a model. Tokens are estimates. */
export interface WindowTurn {
  readonly question: string;
  readonly answer: string;
  readonly tokens: number;
}

/** What a message costs a model beyond its text: role and separators. OpenAI's chat format takes 3 to 4. */
const TOKENS_PER_MESSAGE = 4;

export interface Window {
  readonly messages: readonly ChatMessage[];
  readonly tokens: number;
  /** Turns that did not fit, the oldest ones. */
  readonly dropped: number;
}

/**
 * The newest turns that fit. The system prompt and the question always stay; null where these two alone do
 * not fit.
 */
export function windowOf(parts: {
  readonly system: { readonly text: string; readonly tokens: number };
  readonly turns: readonly WindowTurn[];
  readonly question: { readonly text: string; readonly tokens: number };
  readonly budgetTokens: number;
}): Window | null {
  const { system, turns, question, budgetTokens } = parts;
  let tokens = system.tokens + question.tokens + 2 * TOKENS_PER_MESSAGE;
  if (tokens > budgetTokens) return null;
  let from = turns.length;
  for (; from > 0; from--) {
    const turn = turns[from - 1];
    const cost = turn ? turn.tokens + 2 * TOKENS_PER_MESSAGE : 0;
    if (tokens + cost > budgetTokens) break;
    tokens += cost;
  }
  const messages: ChatMessage[] = [{ role: 'system', content: system.text }];
  for (const { question: asked, answer } of turns.slice(from)) {
    messages.push({ role: 'user', content: asked }, { role: 'assistant', content: answer });
  }
  messages.push({ role: 'user', content: question.text });
  return { messages, tokens, dropped: from };
}
