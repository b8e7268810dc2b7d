import { html } from 'hono/html';
import { perMillion } from '../../core/kit/money.ts';
import { usdOrNothing } from '../../core/ledger/limit-words.ts';
import { readUsage, sumOf } from '../../core/ledger/report.ts';
import type { Model } from '../../core/ports/model.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, numeric, pill, type Tone, table } from '../html.ts';

const COUNT = 30;

/** The models on offer, with state, prices and use. */
export async function models(host: AdminHost): Promise<Html> {
  const { services } = host;
  const { rows } = await readUsage(services, null, COUNT);
  const used = Map.groupBy(rows, ({ model }) => model);
  // The playground offers all models.
  const listed = services.catalogue.list(LOCAL_PLATFORM);
  const states = await Promise.all(listed.map((model) => stateOf(model, host)));
  return html`<section>
<p class="soft">The list is <code>models.json</code>; <code>parley models add</code> and <code>parley models remove</code> change it, and <code>parley models check</code> suggests replacements for models that are gone.</p>
${table(
  'Models',
  [
    'Model',
    'State',
    'Tier',
    'Through',
    'Effort',
    numeric('Context'),
    numeric('In, per million'),
    numeric('Out'),
    numeric(`Requests, ${COUNT} days`),
    numeric('Cost'),
  ],
  listed.map((model, index) => {
    const sum = sumOf(used.get(model.id) ?? []);
    const { prices } = model;
    return [
      html`${named(model.name)} <code class="soft">${model.id}</code>`,
      states[index] ?? '',
      model.tier,
      model.routes.map(({ provider }) => host.providerName(provider)).join(', '),
      model.efforts.join(', ') || '–',
      model.contextTokens,
      perMillion(prices.promptPicoUsd),
      perMillion(prices.completionPicoUsd),
      sum.requests,
      usdOrNothing(sum.costNanoUsd),
    ];
  }),
  'There are no models.',
)}
</section>`;
}

async function stateOf(model: Model, host: AdminHost): Promise<Html> {
  const say = (tone: Tone, text: string) => pill(tone, text);
  if (model.gone) return say('bad', 'no longer offered');
  const open = model.routes.filter(({ gone, provider }) => !gone && host.usable.has(provider));
  if (open.length === 0) return say('warn', 'no key');
  const resting = await Promise.all(open.map((route) => host.services.rest.isResting(route)));
  if (resting.every(Boolean)) return say('bad', 'paused after failures');
  if (model.endsOn !== null) return say('warn', `ends on ${model.endsOn}`);
  if (model.doubtedPrices !== undefined) return say('warn', 'price doubted');
  if (resting.some(Boolean)) return say('warn', 'one route paused');
  return say('good', 'available');
}
