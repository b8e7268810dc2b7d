import type { TierBounds } from '../ports/effort.ts';
import { keyProviderName } from '../ports/tiers.ts';
import type { Grant, GuildReport } from './guilds.ts';
import type { OwnKey } from './key-store.ts';
import { untilInWords } from './until.ts';

/** The parts of a guild's tier, one line each. Who granted it and why is for operators only. */
export function holdingsInWords(
  { defaultTier, grants, purchases, keys }: GuildReport,
  { forOperator }: { readonly forOperator: boolean },
): string[] {
  const isReplaced = grants.some(({ replacesDefault }) => replacesDefault);
  return [
    ...(isReplaced ? [] : [`${defaultTier}: the default tier`]),
    ...grants.map(
      (grant) =>
        `${grant.tier}: given by the operator${untilInWords(grant.expiresAtMs)}${forOperator ? because(grant) : ''}`,
    ),
    ...purchases.map(
      ({ tier, sku, endsAtMs }) =>
        `${tier}: bought${untilInWords(endsAtMs)}${forOperator ? ` (SKU ${sku})` : ''}`,
    ),
    ...keys.map(keyInWords),
  ];
}

const FAULTS = {
  bad_key: ', which the provider rejects',
  no_credit: ', whose account has run out of credit',
  unreadable: ', which can no longer be read; connect it again',
} as const satisfies Record<NonNullable<OwnKey['fault']>, string>;

/** `openrouter: an API key of its own for OpenRouter (…1a2b)`. */
function keyInWords({ provider, lastFour, fault }: OwnKey): string {
  const state = fault === null ? '' : FAULTS[fault];
  return `${provider}: an API key of its own for ${keyProviderName(provider)} (…${lastFour})${state}`;
}

function because({ by, reason, replacesDefault }: Grant): string {
  const instead = replacesDefault ? ', in place of the default tier' : '';
  return `${instead} (${by}${reason === '' ? '' : `: ${reason}`})`;
}

/** `at most 3,000 tokens, effort at most `low``; null if nothing is bounded. */
export function boundsInWords({ maxEffort, maxAnswerTokens }: TierBounds): string | null {
  const parts = [
    ...(maxAnswerTokens === null ? [] : [`at most ${maxAnswerTokens.toLocaleString('en-US')} tokens`]),
    ...(maxEffort === null ? [] : [`effort at most \`${maxEffort}\``]),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}
