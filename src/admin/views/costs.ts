import { html } from 'hono/html';
import { momentInWords } from '../../core/access/until.ts';
import { counted } from '../../core/kit/text/text.ts';
import { usdOrNothing } from '../../core/ledger/limit-words.ts';
import { listUnsettled, whatIsUnsettled, whyUnsettled } from '../../core/ledger/unsettled.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, numeric, table } from '../html.ts';
import { guildLink, modelName } from './use.ts';

/** Requests whose cost is not booked. */
export async function costs({ services, names }: AdminHost): Promise<Html> {
  const requests = await listUnsettled(services.ledger, null, services.clock.now());
  const known = await names.of(requests.map(({ guild }) => guild));
  const atMost = requests.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  return html`<section>
<p>${
    requests.length === 0
      ? 'Everything is settled at its true price.'
      : `${counted(requests.length, 'price is', 'prices are')} not booked yet. Up to ${usdOrNothing(atMost)} is reserved for them and counts towards the limits.`
  }</p>
${table(
  'Unsettled requests',
  ['Since', 'Guild', 'Person', 'What', 'Model', 'Paid by', numeric('At most'), 'Why'],
  requests.map((request) => [
    momentInWords(request.madeAtMs),
    guildLink(request.guild, known.get(request.guild) ?? request.guild),
    named(request.userName ?? request.user),
    whatIsUnsettled(request),
    named(modelName(request.model, services)),
    request.payer === 'operator' ? 'the operator' : 'its own key',
    usdOrNothing(request.nanoUsd),
    whyUnsettled(request),
  ]),
  'All requests are settled.',
)}
</section>`;
}
