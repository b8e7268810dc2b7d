import type { Memory } from '../conversations/conversations.ts';
import { type Instructions, type Variables, variablesText } from '../conversations/instructions.ts';
import { type Said, tagged, userMessage } from '../conversations/user-message.ts';
import { plainName } from '../kit/text.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Model } from '../ports/model.ts';
import type { ImageContent } from '../ports/provider.ts';
import { mostImageTokens } from '../tokens/image-tokens.ts';
import { mostTokens } from '../tokens/most-tokens.ts';
import { type VocabularySize, vocabularyOf } from '../tokens/vocabulary.ts';
import { systemPrompt } from './system-prompt.ts';
import { type WindowContent, type WindowTurn, windowOf } from './window.ts';

/** A question with what a model has to know before it. */
export interface PromptParts extends Memory {
  readonly guild: GuildId;
  readonly model: Model;
  /** Room that is kept for the answer. */
  readonly maxOutputTokens: number;
  readonly asker: { readonly user: string; readonly name: string };
  readonly question: Said;
  /** Pictures that the model is to see, by the id of their turn; those of the question under `null`. */
  readonly images?: ReadonlyMap<string | null, readonly ImageContent[]>;
  /** Such as 2026-11-25. */
  readonly day: string;
  /** Those that count here, the widest first. */
  readonly instructions: readonly Instructions[];
  /** `Place.channelName`. */
  readonly channel: string;
}

export type Prompt = ({ readonly ok: true } & WindowContent) | { readonly ok: false; readonly text: string };

/** What is counted is at least what OpenAI's models count; others' may count more on the same text, some a quarter. */
export const WINDOW_SHARE = 0.8;

/** What a model has room for beside its answer. */
export function windowBudget({ contextTokens }: Model, maxOutputTokens: number): number {
  return Math.floor(contextTokens * WINDOW_SHARE) - maxOutputTokens;
}

/** Builds what goes to the model: system prompt, summary, the newest turns that fit, the question. */
export async function promptFor(parts: PromptParts, signal: AbortSignal): Promise<Prompt> {
  const { guild, model, summary } = parts;
  const budgetTokens = windowBudget(model, parts.maxOutputTokens);
  const { turns, question } = withNames(parts);
  const window = await windowOf(
    {
      system: systemPrompt(guild, parts.instructions),
      summary: summary === null ? null : tagged('summary', {}, summary.text),
      turns,
      question,
      images: parts.images?.get(null) ?? [],
      // Of all routes: which one it takes is not known here.
      tokensPerImage: Math.max(...model.routes.map(({ wireModel }) => mostImageTokens(wireModel))),
      budgetTokens,
    },
    (text, countSignal) => mostTokens(text, windowVocabulary(model), countSignal),
    signal,
  );
  if (window.fits) {
    const { fits: _, ...content } = window;
    return { ok: true, ...content };
  }
  const [needed, most] = [window.questionTokens, Math.max(0, budgetTokens)].map((count) =>
    count.toLocaleString('en-US'),
  );
  return {
    ok: false,
    text: `The question is too long for ${model.name}: about ${needed} tokens, and the limit is ${most}. Shorten it, or pick a model with a longer context from \`/models\`.`,
  };
}

/**
 * The vocabulary that texts for this model are counted with. A model of another maker counts as one of OpenAI's newer ones:
 * by the older vocabulary, a text in Hindi would come to three times what most count today, and its conversation be cut.
 */
export function windowVocabulary({ routes }: Model): VocabularySize {
  return routes.some(({ wireModel }) => vocabularyOf(wireModel) === '100k') ? '100k' : '200k';
}

/**
 * Where several people take part, the model is told who says what. What differs from turn to turn stands in the question
 * alone: all before it is cached by providers, byte by byte.
 */
function withNames({ summary, turns, asker, question, images, day, instructions, channel }: PromptParts): {
  readonly turns: readonly WindowTurn[];
  readonly question: string;
} {
  const isShared = isSharedBy({ summary, turns }, asker.user);
  const by = (name: string, said: Said) =>
    userMessage(isShared ? { ...said, text: `${nameOf(name)}: ${said.text}` } : said);
  const variables: Variables = { user: nameOf(asker.name), channel, date: day };
  return {
    turns: turns.map(({ id, author, question: text, brought, answer, tokens }) => ({
      question: by(author, { text, brought }),
      images: images?.get(id),
      answer,
      tokens,
    })),
    question: [by(asker.name, question), variablesText(instructions, variables), `(Today is ${day}.)`]
      .filter(Boolean)
      .join('\n\n'),
  };
}

/** Whether anybody else has a part in it. */
function isSharedBy({ summary, turns }: Memory, user: string): boolean {
  return turns.some((turn) => turn.user !== user) || (summary?.people ?? []).some((other) => other !== user);
}

/** A name cannot pass for a turn: it stays on its line. */
export function nameOf(name: string): string {
  return plainName(name) || 'Somebody';
}
