import type { Memory } from '../conversations/conversation.ts';
import { type Compact, type TooMuch, turnsToKeep } from './compaction.ts';
import { type Prompt, type PromptParts, promptFor, windowBudget } from './prompt.ts';

/** The prompts of one question, for one model after the other, if the first ones fail. */
export interface Prompting {
  /** As `promptFor`. If the conversation is too long for the first model of which that is true, it is summarised first. */
  promptFor(parts: Omit<PromptParts, keyof Memory>, signal: AbortSignal): Promise<Prompt>;
  /** The earlier part of the conversation, as it was last sent. */
  readonly memory: Memory;
  readonly isSummarised: boolean;
}

/** @param compact null to leave out what does not fit */
export function createPrompting(
  compact: Compact | null,
  asked: Omit<TooMuch, 'kept' | 'budgetTokens'>,
): Prompting {
  let { memory } = asked;
  let isTried = false;
  let isSummarised = false;
  return {
    get memory() {
      return memory;
    },
    get isSummarised() {
      return isSummarised;
    },
    async promptFor(parts, signal) {
      const prompt = await promptFor({ ...parts, ...memory }, signal);
      const kept = prompt.ok ? turnsToKeep(memory.turns, prompt) : null;
      if (compact === null || kept === null || isTried) return prompt;
      isTried = true;
      const budgetTokens = windowBudget(parts.model, parts.maxOutputTokens);
      const shorter = await compact({ ...asked, memory, kept, budgetTokens }, signal);
      if (shorter === null) return prompt;
      memory = shorter;
      isSummarised = true;
      return promptFor({ ...parts, ...memory }, signal);
    },
  };
}
