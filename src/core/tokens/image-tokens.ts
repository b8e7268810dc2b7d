/**
 * Pictures are sent with at most 1,568 pixels per side. Providers with known rules, except the one below, count at most 4,784
 * tokens for one (Claude, high resolution); Gemini counts 258 per tile of 768 pixels, OpenAI 765 to 3,840 (1,536 patches
 * times 2.5).
 */
const MOST_TOKENS = 6_000;

/** GPT-4o mini counts 2,833 tokens, and 5,667 per tile of 512 pixels, at most 6 of them for such a picture. */
const GPT_4O_MINI = 2_833 + 6 * 5_667;

/**
 * An upper bound of the tokens for one picture.
 *
 * @param wireModel the provider's id of the model
 * @see https://platform.openai.com/docs/guides/images-vision#calculating-costs
 * @see https://platform.claude.com/docs/en/build-with-claude/vision
 */
export function mostImageTokens(wireModel: string): number {
  return /gpt-4o-mini/i.test(wireModel) ? GPT_4O_MINI : MOST_TOKENS;
}
