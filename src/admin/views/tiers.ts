import { html } from 'hono/html';
import type { Catalogue } from '../../core/catalogue/catalogue.ts';
import { EFFORTS } from '../../core/ports/effort.ts';
import type { Platform } from '../../core/ports/platforms.ts';
import { opens, TIERS, type Tier } from '../../core/ports/tiers.ts';
import { type Html, numeric, pill, table } from '../html.ts';

/** Shows each tier's models on a platform, and its bounds on answers that the operator pays for. */
export function tiersTable(catalogue: Catalogue, platform: Platform, here: Tier): Html {
  const models = catalogue.list(platform).filter(({ gone }) => !gone);
  return html`<h3>What each tier allows</h3>
<p class="soft">Effort is how much a model thinks before it answers: ${EFFORTS.join(', ')}. A model supports some of these, or does not support effort at all. The bounds are <code>tiers</code> in <code>models.json</code>; they apply to answers that the operator pays for.</p>
${table(
  'Tiers',
  ['Tier', numeric('Models'), 'Effort', numeric('Longest answer, in tokens')],
  TIERS.map((tier) => {
    const { maxEffort, maxAnswerTokens } = catalogue.bounds(tier);
    return [
      tier === here ? html`${tier} ${pill('soft', 'here')}` : tier,
      models.filter((model) => opens(tier, model.tier)).length,
      maxEffort === null ? 'any' : `up to ${maxEffort}`,
      maxAnswerTokens ?? 'no bound',
    ];
  }),
)}`;
}
