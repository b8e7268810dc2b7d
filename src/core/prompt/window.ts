import type { ChatMessage, ImageContent } from '../ports/provider.ts';
import { mostTokensOfAny } from '../tokens/most-tokens.ts';

/** A question with its answer, in the form for a model. */
export interface WindowTurn {
  readonly question: string;
  /** Pictures of the question that the model is to see. */
  readonly images?: readonly ImageContent[] | undefined;
  readonly answer: string;
  /** Estimated tokens of both, if they were counted. */
  readonly tokens?: number | undefined;
}

export interface WindowParts {
  readonly system: string;
  /** A summary of what was said before the turns. */
  readonly summary?: string | null;
  /** Oldest first. */
  readonly turns: readonly WindowTurn[];
  readonly question: string;
  readonly images?: readonly ImageContent[];
  /** An upper bound of the tokens per picture. Default 0. */
  readonly tokensPerImage?: number;
  readonly budgetTokens: number;
}

/** The messages for a model. */
export interface WindowContent {
  readonly messages: readonly ChatMessage[];
  /** Estimated tokens of the question; null if everything is so short that nothing was counted. */
  readonly questionTokens: number | null;
  /** The number of oldest turns that do not fit. */
  readonly leftOut: number;
  /** How many newest turns take at most half of the budget, and fit beside the question and a summary of the others. */
  readonly inHalf: number;
}

export type Window =
  | ({ readonly fits: true } & WindowContent)
  /** System prompt and question alone are too long. */
  | { readonly fits: false; readonly questionTokens: number };

/** Tokens per message besides its text, for role and separators. OpenAI's chat format takes 3 to 4. */
const TOKENS_PER_MESSAGE = 4;
/** Per turn, and for system prompt and question together. */
const TOKENS_PER_PAIR = 2 * TOKENS_PER_MESSAGE;

/** The share of the budget for a summary of older turns. */
export const SUMMARY_SHARE = 1 / 8;

/** The tokens of a text. */
export type CountTokens = (text: string, signal?: AbortSignal) => Promise<number>;

/** The newest turns that fit, with system prompt and question. Only texts whose bytes do not show that they fit are counted. */
export async function windowOf(parts: WindowParts, count: CountTokens, signal: AbortSignal): Promise<Window> {
  const { system, turns, question, images, tokensPerImage = 0 } = parts;
  const summary = parts.summary ?? '';
  const seen = (of: readonly unknown[] = []) => of.length * tokensPerImage;
  const budgetTokens = parts.budgetTokens - seen(images);
  const most = turns.reduce(
    (sum, turn) => sum + (turn.tokens ?? mostTokensOfAny(textOf(turn))) + seen(turn.images) + TOKENS_PER_PAIR,
    mostTokensOfAny(system) + mostTokensOfAny(summary) + mostTokensOfAny(question) + TOKENS_PER_PAIR,
  );
  if (most <= budgetTokens) {
    const messages = messagesOf(parts, summary, turns);
    return { fits: true, messages, questionTokens: null, leftOut: 0, inHalf: turns.length };
  }
  const questionTokens = await count(question, signal);
  const fixedTokens = questionTokens + (await count(system, signal)) + TOKENS_PER_PAIR;
  if (fixedTokens > budgetTokens) return { fits: false, questionTokens: questionTokens + seen(images) };
  const summaryTokens = summary === '' ? 0 : await count(summary, signal);
  const isRoomy = fixedTokens + summaryTokens <= budgetTokens;
  const room = budgetTokens - fixedTokens - (isRoomy ? summaryTokens : 0);
  const half = Math.min(budgetTokens / 2, budgetTokens * (1 - SUMMARY_SHARE) - fixedTokens);
  let used = 0;
  let inHalf = 0;
  let fitting = 0;
  for (const turn of turns.toReversed()) {
    used += (turn.tokens ?? (await count(textOf(turn), signal))) + seen(turn.images) + TOKENS_PER_PAIR;
    if (used > room) break;
    fitting++;
    if (used <= half) inHalf = fitting;
  }
  const leftOut = turns.length - fitting;
  const messages = messagesOf(parts, isRoomy ? summary : '', turns.slice(leftOut));
  return { fits: true, messages, questionTokens, leftOut, inHalf };
}

function textOf({ question, answer }: WindowTurn): string {
  return `${question}\n${answer}`;
}

/** The summary comes before the first remaining words, which stay the same until there is a new summary. */
function messagesOf(
  { system, question, images }: WindowParts,
  summary: string,
  turns: readonly WindowTurn[],
): ChatMessage[] {
  const first = turns[0]?.question ?? question;
  const withSummary = summary === '' ? first : `${summary}\n\n${first}`;
  return [
    { role: 'system', content: system },
    ...turns.flatMap((turn, index): ChatMessage[] => [
      { role: 'user', content: contentOf(index === 0 ? withSummary : turn.question, turn.images) },
      { role: 'assistant', content: turn.answer },
    ]),
    { role: 'user', content: contentOf(turns.length === 0 ? withSummary : question, images) },
  ];
}

function contentOf(text: string, images: readonly ImageContent[] = []): ChatMessage['content'] {
  return images.length === 0 ? text : [{ type: 'text', text }, ...images];
}
