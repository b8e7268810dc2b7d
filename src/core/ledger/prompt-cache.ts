import { type ChatMessage, textOfMessage } from '../ports/provider.ts';

/**
 * Models that cache only what they are told to, and the smallest prefix in tokens that they cache: the first that fits.
 * Others cache by themselves, or not at all.
 * @see https://openrouter.ai/docs/guides/best-practices/prompt-caching
 * @see https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
const SMALLEST_PREFIX: readonly (readonly [RegExp, number])[] = [
  [/^anthropic\/claude-(?:3\.5-sonnet|3\.7-sonnet|sonnet-4(?:\.5)?|opus-4(?:\.1)?)(?=$|:)/, 1_024],
  [/^anthropic\/claude-(?:3-haiku|3\.5-haiku|sonnet-4\.6)(?=$|:)/, 2_048],
  [/^anthropic\//, 4_096],
  [/^(?:qwen|alibaba)\//, 1_024],
];

/** Of English text; others have fewer bytes to a token, and are cached a turn later. */
const BYTES_PER_TOKEN = 4;

/**
 * How many messages from the first on are worth caching: all that come again with the next turn, which is all but the
 * newest. A write costs a quarter more than it saves if no turn follows: it begins with the second, and above what the
 * model caches at all.
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
