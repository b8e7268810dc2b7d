import type { AccessDecision, AccessGranted } from '../../core/access/access.ts';
import { allowanceFor, effortsFor } from '../../core/access/allowance.ts';
import type { Catalogue } from '../../core/catalogue/catalogue.ts';
import type { ViewContext } from '../../core/command.ts';
import { formatUsd } from '../../core/kit/money.ts';
import { worstCostNanoUsd } from '../../core/ledger/pricing.ts';
import { platformOf, type Whose } from '../../core/ports/actor.ts';
import { type Effort, isAbove, upTo } from '../../core/ports/effort.ts';

/** Whether `whose` may use the model that a person spelled, by its id or a short name. */
export async function decideSpelled(
  { place, services }: ViewContext,
  spelled: string,
  whose: Whose,
): Promise<AccessDecision> {
  const { model } = services.catalogue.resolve(spelled, platformOf(place.guild));
  return (await services.models.look(whose)).decide(model?.id ?? spelled);
}

/** Choices of an option for how much a model thinks. If a model lacks one, the nearest lower one is used. */
export const EFFORT_LABELS = {
  none: 'None: answer at once',
  minimal: 'Minimal',
  low: 'Low',
  medium: 'Medium',
  high: 'High (costs more)',
  xhigh: 'Extra high (costs much more)',
  max: 'Maximum (costs much more)',
} as const satisfies Record<Effort, string>;

/** A sentence on why an effort cannot be chosen for a model; null if it can, or if the model supports none. */
export function refusedEffort({ bounds, tier }: AccessGranted, effort: Effort): string | null {
  const { maxEffort } = bounds;
  if (maxEffort === null || !isAbove(effort, maxEffort)) return null;
  return `The tier \`${tier}\` allows at most \`effort:${maxEffort}\` here. Nothing was changed.`;
}

/** A sentence on the effect of the chosen effort on a model. */
export function effortInWords(granted: AccessGranted, effort: Effort): string {
  const { name } = granted.model;
  const asked = allowanceFor(granted, effort).effort;
  if (asked === effort) return '';
  if (asked !== null)
    return `**${name}** is asked for \`effort:${asked}\`, the nearest to \`${effort}\` here.`;
  return granted.route.efforts.length === 0
    ? `**${name}** does not support effort; \`${effort}\` applies to models that do.`
    : `Answers are too short here for **${name}** to think with \`effort:${effort}\`.`;
}

/**
 * A model's efforts with the highest cost of an answer, or null if it supports none. Such as `effort low, medium, high: an answer
 * up to $0.08, up to 2 times that with high`.
 */
export function effortsInWords(
  granted: AccessGranted,
  { dearest }: Pick<Catalogue, 'dearest'>,
): string | null {
  const { route, bounds, tier } = granted;
  const efforts = effortsFor(granted);
  const highest = efforts.at(-1);
  if (highest === undefined) return null;
  const isBound = upTo(bounds.maxEffort, route.efforts).length < route.efforts.length;
  const names = `effort ${efforts.join(', ')}${isBound ? ` (all that \`${tier}\` allows)` : ''}`;
  const usualNanoUsd = longestCost(granted, null, dearest);
  if (usualNanoUsd === 0) return names;
  const times = timesUsual(granted, highest, { dearest });
  const more = times > 1 ? `, up to ${times} times that with ${highest}` : '';
  return `${names}: an answer up to ${formatUsd(usualNanoUsd)}${more}`;
}

/** The highest cost of an answer with an effort, as a multiple of that without one, to a tenth; 1 for free models. */
export function timesUsual(
  granted: AccessGranted,
  effort: Effort,
  { dearest }: Pick<Catalogue, 'dearest'>,
): number {
  const usualNanoUsd = longestCost(granted, null, dearest);
  return usualNanoUsd === 0
    ? 1
    : Math.round((longestCost(granted, effort, dearest) / usualNanoUsd) * 10) / 10;
}

/** The highest cost of the answer, without its prompt. */
function longestCost(granted: AccessGranted, wish: Effort | null, dearest: Catalogue['dearest']): number {
  const { maxOutputTokens: outputTokens } = allowanceFor(granted, wish);
  const bounds = { promptTokens: 0, outputTokens, webSearches: 0, images: 0 };
  return worstCostNanoUsd(granted.route, bounds, dearest);
}
