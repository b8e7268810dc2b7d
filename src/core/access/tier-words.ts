import type { Grant, GuildReport } from './guilds.ts';
import { momentInWords } from './until.ts';

/** What makes up a guild's tier, one line each; who granted it and why is for operators. */
export function holdingsInWords(
  { defaultTier, grants, purchases, ownKeys }: GuildReport,
  { forOperator }: { readonly forOperator: boolean },
): string[] {
  const isReplaced = grants.some(({ replacesDefault }) => replacesDefault);
  return [
    ...(isReplaced ? [] : [`${defaultTier}: what every place has`]),
    ...grants.map(
      (grant) =>
        `${grant.tier}: given by the operator${until(grant.expiresAtMs)}${forOperator ? because(grant) : ''}`,
    ),
    ...purchases.map(
      ({ tier, sku, endsAtMs }) => `${tier}: bought${until(endsAtMs)}${forOperator ? ` (SKU ${sku})` : ''}`,
    ),
    ...ownKeys.map((provider) => `an API key of its own for ${provider}`),
  ];
}

function because({ by, reason, replacesDefault }: Grant): string {
  const instead = replacesDefault ? ', in place of the default tier' : '';
  return `${instead} (${by}${reason === '' ? '' : `: ${reason}`})`;
}

function until(endMs: number | null): string {
  return endMs === null ? '' : ` until ${momentInWords(endMs)}`;
}
