import { type ChatMessage, textOfMessage } from '../ports/provider.ts';

/**
 * Models that cache only marked prompts, and the smallest prefix in tokens that they cache. The first match counts. Other
 * models cache by themselves or not at all.
 * @see https://openrouter.ai/docs/guides/best-practices/prompt-caching
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
const SMALLEST_PREFIX: readonly (readonly [RegExp, number])[] = [
  [/^anthropic\/claude-(?:3\.5-sonnet|3\.7-sonnet|sonnet-4(?:\.5)?|opus-4(?:\.1)?)(?=$|:)/, 1_024],
  [/^anthropic\/claude-(?:3-haiku|3\.5-haiku|sonnet-4\.6)(?=$|:)/, 2_048],
  [/^anthropic\//, 4_096],
  [/^(?:qwen|alibaba)\//, 1_024],
];

/** For English text. Other texts have fewer bytes per token and are cached a turn later. */
const BYTES_PER_TOKEN = 4;

/**
 * The number of leading messages that are worth caching: all but the newest, because the next turn repeats them. A cache
 * write is wasted if no turn follows, so caching starts with the second turn, and only above the model's smallest prefix.
 */
export function messagesToCache(wireModel: string, messages: readonly ChatMessage[]): number {
  const smallest = SMALLEST_PREFIX.find(([models]) => models.test(wireModel))?.[1];
  const stable = messages.slice(0, -1);
  if (smallest === undefined || !stable.some(({ role }) => role === 'assistant')) return 0;
  const bytes = stable.reduce((sum, message) => sum + Buffer.byteLength(textOfMessage(message)), 0);
  const last = stable.at(-1);
  // An empty part cannot be marked.
  if (last === undefined || textOfMessage(last) === '') return 0;
  return bytes >= smallest * BYTES_PER_TOKEN ? stable.length : 0;
}
