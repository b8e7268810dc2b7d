/**
 * How much a model thinks before it answers, the least first, by the names that OpenRouter and OpenAI give it. A model takes some of
 * them, or none.
 */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type Effort = (typeof EFFORTS)[number];

/**
 * The cap on an answer grows by this for efforts that spend most of it on thinking, so that words have room too. OpenRouter gives thinking
 * a tenth of the cap at `minimal`, a fifth at `low`, a half at `medium`, four fifths at `high`, 95 % above: at least two fifths of the
 * usual length are left for words.
 * @see https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
 */
export const ROOM_FACTORS: Readonly<Record<Effort, number>> = {
  none: 1,
  minimal: 1,
  low: 1,
  medium: 1,
  high: 2,
  xhigh: 8,
  max: 8,
};

/** Anthropic's models think in no less than 1,024 tokens, and refuse a cap that leaves nothing beside them. */
export const LEAST_THINKING_CAP_TOKENS = 2_048;

/** What `tiers` of `models.json` allows of one answer that the operator pays for. */
export interface TierBounds {
  /** Null for any. */
  readonly maxEffort: Effort | null;
  /** The longest answer in tokens, thinking included; null for that of the model. */
  readonly maxAnswerTokens: number | null;
}

export const NO_BOUNDS: TierBounds = { maxEffort: null, maxAnswerTokens: null };

/** Whether an effort is more than another. */
export function isAbove(effort: Effort, other: Effort): boolean {
  return EFFORTS.indexOf(effort) > EFFORTS.indexOf(other);
}

/** Those of a list that are no more than a bound. */
export function upTo(bound: Effort | null, efforts: readonly Effort[]): readonly Effort[] {
  return bound === null ? efforts : efforts.filter((effort) => !isAbove(effort, bound));
}

/** The one of a list, the least first, that is most like a wish without being more; else the least. Null of an empty list. */
export function nearestEffort(wish: Effort, efforts: readonly Effort[]): Effort | null {
  return upTo(wish, efforts).at(-1) ?? efforts[0] ?? null;
}
