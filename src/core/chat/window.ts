import type { ChatMessage } from '../ports/provider.ts';
import type { TokenEstimator } from '../tokens/estimator.ts';

/** A question with its answer, as it goes to a model. */
export interface WindowTurn {
  readonly question: string;
  readonly answer: string;
  /** Estimate for both, where they were counted. */
  readonly tokens?: number | undefined;
}

export interface WindowParts {
  readonly system: string;
  /** Oldest first. */
  readonly turns: readonly WindowTurn[];
  readonly question: string;
  readonly budgetTokens: number;
}

/** What goes to a model. */
export interface WindowContent {
  readonly messages: readonly ChatMessage[];
  /** Estimate for the question alone; null where all is so short that nothing had to be counted. */
  readonly questionTokens: number | null;
}

export type Window =
  | ({ readonly fits: true } & WindowContent)
  /** System prompt and question alone are too long. */
  | { readonly fits: false; readonly questionTokens: number };

/** What a message costs a model beyond its text: role and separators. OpenAI's chat format takes 3 to 4. */
const TOKENS_PER_MESSAGE = 4;
/** A turn's, and so many are there without turns: system prompt and question. */
const TOKENS_PER_PAIR = 2 * TOKENS_PER_MESSAGE;

/**
 * The newest turns that fit. The system prompt and the question always stay. Of most conversations the bytes alone show
 * that they fit: the tokenizer, which takes time and memory, is asked about longer ones only.
 */
export async function windowOf(
  { system, turns, question, budgetTokens }: WindowParts,
  tokens: TokenEstimator,
  signal: AbortSignal,
): Promise<Window> {
  const most = turns.reduce(
    (sum, turn) => sum + (turn.tokens ?? tokens.upperBound(textOf(turn))) + TOKENS_PER_PAIR,
    tokens.upperBound(system) + tokens.upperBound(question) + TOKENS_PER_PAIR,
  );
  if (most <= budgetTokens) {
    return { fits: true, messages: messagesOf(system, turns, question), questionTokens: null };
  }
  const questionTokens = await tokens.count(question, signal);
  let left = budgetTokens - questionTokens - (await tokens.count(system, signal)) - TOKENS_PER_PAIR;
  if (left < 0) return { fits: false, questionTokens };
  let from = turns.length;
  for (const turn of turns.toReversed()) {
    left -= (turn.tokens ?? (await tokens.count(textOf(turn), signal))) + TOKENS_PER_PAIR;
    if (left < 0) break;
    from--;
  }
  return { fits: true, messages: messagesOf(system, turns.slice(from), question), questionTokens };
}

function textOf({ question, answer }: WindowTurn): string {
  return `${question}\n${answer}`;
}

function messagesOf(system: string, turns: readonly WindowTurn[], question: string): ChatMessage[] {
  return [
    { role: 'system', content: system },
    ...turns.flatMap(({ question: asked, answer }): ChatMessage[] => [
      { role: 'user', content: asked },
      { role: 'assistant', content: answer },
    ]),
    { role: 'user', content: question },
  ];
}
