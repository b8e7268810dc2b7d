import type { Memory } from '../conversations/conversation.ts';
import { type Compact, type TooMuch, turnsToKeep } from './compaction.ts';
import { type Prompt, type PromptParts, promptFor, windowBudget } from './prompt.ts';

/** The prompts of one question, for one model after the other, if the first ones fail. */
export class Prompting {
  readonly #asked: Omit<TooMuch, 'memory' | 'kept' | 'budgetTokens'>;
  /** Null once it is tried, or if it is not wanted. */
  #compact: Compact | null;
  /** The earlier part of the conversation, as it was last sent. */
  memory: Memory;
  isSummarised = false;

  /** @param compact null to leave out what does not fit */
  constructor(compact: Compact | null, { memory, ...asked }: Omit<TooMuch, 'kept' | 'budgetTokens'>) {
    this.#compact = compact;
    this.#asked = asked;
    this.memory = memory;
  }

  /** As `promptFor`. For the first model for which the conversation is too long, it is summarised. */
  async promptFor(parts: Omit<PromptParts, keyof Memory>, signal: AbortSignal): Promise<Prompt> {
    const { memory } = this;
    const prompt = await promptFor({ ...parts, ...memory }, signal);
    const kept = prompt.ok ? turnsToKeep(memory.turns, prompt) : null;
    const compact = this.#compact;
    if (compact === null || kept === null) return prompt;
    this.#compact = null;
    const budgetTokens = windowBudget(parts.model, parts.maxOutputTokens);
    const shorter = await compact({ ...this.#asked, memory, kept, budgetTokens }, signal);
    if (shorter === null) return prompt;
    this.memory = shorter;
    this.isSummarised = true;
    return promptFor({ ...parts, ...shorter }, signal);
  }
}
