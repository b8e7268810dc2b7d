/**
 * Pictures are sent at most 1,568 pixels long. Of the providers whose rules are known, all but those below count at most
 * 4,784 tokens for one (Claude, high resolution); Gemini 258 per tile of 768 pixels, OpenAI 765 to 1,536 patches times up to 2.5.
 */
const MOST_TOKENS = 6_000;

/** GPT-4o mini counts 2,833 tokens and 5,667 for each tile of 512 pixels, at most 6 of them for such a picture. */
const GPT_4O_MINI = 2_833 + 6 * 5_667;

/**
 * At least what a model counts for one picture.
 *
 * @param wireModel what its provider calls it
 * @see https://platform.openai.com/docs/guides/images-vision#calculating-costs
 * @see https://platform.claude.com/docs/en/build-with-claude/vision
 */
export function mostImageTokens(wireModel: string): number {
  return /gpt-4o-mini/i.test(wireModel) ? GPT_4O_MINI : MOST_TOKENS;
}
