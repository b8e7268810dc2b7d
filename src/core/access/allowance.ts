import {
  type Effort,
  isAbove,
  LEAST_THINKING_CAP_TOKENS,
  nearestEffort,
  ROOM_FACTORS,
  upTo,
} from '../ports/effort.ts';
import type { AccessGranted } from './access.ts';

/** The limits of one answer. */
export interface Allowance {
  /** The effort to ask the model for; null to leave it to the model. */
  readonly effort: Effort | null;
  /** The longest answer in tokens, thinking included. Its price is reserved. */
  readonly maxOutputTokens: number;
}

/** The longest answer if `models.json` sets none: some 6,000 English words. Its cost is reserved for every request. */
const MAX_OUTPUT_TOKENS = 8_192;

type Granted = Pick<AccessGranted, 'model' | 'route' | 'bounds' | 'tier'>;

/**
 * The limits of an answer by the model, `models.json` and the tier. An unavailable effort becomes the nearest lower one, else the model's
 * lowest. A tier's limit also applies to models that would think more by default. Room to think takes no more than a quarter of the
 * context: a long conversation needs the rest.
 */
export function allowanceFor(granted: Granted, wish: Effort | null): Allowance {
  const { model, route, bounds } = granted;
  const { maxEffort } = bounds;
  const unasked = model.thinks ? (route.defaultEffort ?? 'medium') : 'none';
  const wanted = wish ?? (maxEffort !== null && isAbove(unasked, maxEffort) ? maxEffort : null);
  const effort = wanted === null ? null : (nearestEffort(wanted, effortsFor(granted)) ?? null);
  const usual = model.traits.answerTokens ?? MAX_OUTPUT_TOKENS;
  const roomy = Math.min(usual * ROOM_FACTORS[effort ?? 'none'], Math.floor(model.contextTokens / 4));
  const maxOutputTokens = Math.min(
    Math.max(usual, roomy),
    model.maxOutputTokens ?? Number.POSITIVE_INFINITY,
    Math.floor(model.contextTokens / 2),
    bounds.maxAnswerTokens ?? Number.POSITIVE_INFINITY,
  );
  return { effort: isRoomFor(effort, maxOutputTokens, granted) ? effort : null, maxOutputTokens };
}

/** The efforts that a person may choose, lowest first; empty if the model supports none. */
export function effortsFor({ route, bounds }: Granted): readonly Effort[] {
  const open = upTo(bounds.maxEffort, route.efforts);
  return open.length > 0 ? open : route.efforts.slice(0, 1);
}

/** Models that think by default fit it in themselves. */
function isRoomFor(effort: Effort | null, maxOutputTokens: number, { model }: Granted): boolean {
  return effort === 'none' || model.thinks || maxOutputTokens >= LEAST_THINKING_CAP_TOKENS;
}

/** A sentence on why another effort is sent than the one asked for; null if it is the same. */
export function effortRemark(granted: Granted, wish: Effort): string | null {
  const { model, route, bounds, tier } = granted;
  const { effort } = allowanceFor(granted, wish);
  if (effort === wish) return null;
  if (route.efforts.length === 0) return `${model.name} does not support \`effort\`, so it uses its default.`;
  if (effort === null) {
    return `Answers are too short here for ${model.name} to think with \`effort:${wish}\`, so it uses its default.`;
  }
  const isBound = bounds.maxEffort !== null && isAbove(wish, bounds.maxEffort);
  return isBound
    ? `The tier \`${tier}\` allows ${model.name} at most \`effort:${effort}\`, so I asked for that.`
    : `${model.name} takes no \`effort:${wish}\`, so I asked for \`effort:${effort}\`.`;
}
