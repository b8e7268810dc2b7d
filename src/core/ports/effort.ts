/** How much a model thinks before it answers, lowest first, by OpenRouter's and OpenAI's names. It may support none. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type Effort = (typeof EFFORTS)[number];

/**
 * The factors by which an answer's cap grows for efforts that spend most of it on thinking. OpenRouter gives thinking a tenth of the cap
 * at `minimal`, a fifth at `low`, a half at `medium`, four fifths at `high`, 95 % above. So at least two fifths of the usual length are
 * left for text.
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

/** Anthropic's models need at least 1,024 tokens to think, and reject a cap that leaves none for text. */
export const LEAST_THINKING_CAP_TOKENS = 2_048;

/** The limits that `tiers` in `models.json` sets on one answer that the operator pays for. */
export interface TierBounds {
  /** Null for no limit. */
  readonly maxEffort: Effort | null;
  /** The longest answer in tokens, thinking included; null for the model's own limit. */
  readonly maxAnswerTokens: number | null;
}

export const NO_BOUNDS: TierBounds = { maxEffort: null, maxAnswerTokens: null };

export function isAbove(effort: Effort, other: Effort): boolean {
  return EFFORTS.indexOf(effort) > EFFORTS.indexOf(other);
}

export function upTo(bound: Effort | null, efforts: readonly Effort[]): readonly Effort[] {
  return bound === null ? efforts : efforts.filter((effort) => !isAbove(effort, bound));
}

/** The highest effort in a list, lowest first, that does not exceed the wish; else the lowest. Null for an empty list. */
export function nearestEffort(wish: Effort, efforts: readonly Effort[]): Effort | null {
  return upTo(wish, efforts).at(-1) ?? efforts[0] ?? null;
}
