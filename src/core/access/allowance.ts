import {
  type Effort,
  isAbove,
  LEAST_THINKING_CAP_TOKENS,
  nearestEffort,
  ROOM_FACTORS,
  upTo,
} from '../ports/effort.ts';
import type { AccessGranted } from './access.ts';

/** What one answer may be at most. */
export interface Allowance {
  /** What the model is asked to think; null to leave that to it. */
  readonly effort: Effort | null;
  /** The longest answer in tokens, thinking included. Its price is reserved. */
  readonly maxOutputTokens: number;
}

/** The longest answer that is asked for, where `models.json` says nothing. Some 6,000 English words; what it may cost is reserved for every request. */
const MAX_OUTPUT_TOKENS = 8_192;

type Granted = Pick<AccessGranted, 'model' | 'route' | 'bounds' | 'tier'>;

/**
 * What an answer of a model may be, by the model, `models.json` and the tier. An effort that is not to be had becomes the nearest that is
 * no more, else the least that the model takes. A tier that bounds it holds for models that would think more unasked, too. Room to think
 * takes no more than a quarter of the context: a long conversation needs the rest.
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

/** The efforts that a person may choose, the least first; empty if the model takes none. */
export function effortsFor({ route, bounds }: Granted): readonly Effort[] {
  const open = upTo(bounds.maxEffort, route.efforts);
  return open.length > 0 ? open : route.efforts.slice(0, 1);
}

/** Those that think unasked find room somehow. */
function isRoomFor(effort: Effort | null, maxOutputTokens: number, { model }: Granted): boolean {
  return effort === 'none' || model.thinks || maxOutputTokens >= LEAST_THINKING_CAP_TOKENS;
}

/** Why an effort that somebody asked for is not the one that is sent, as a sentence; null if it is. */
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
