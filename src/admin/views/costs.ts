import { html } from 'hono/html';
import { momentInWords } from '../../core/access/until.ts';
import { counted } from '../../core/kit/text.ts';
import { usdOrNothing } from '../../core/ledger/limit-words.ts';
import { listUnsettled, whyUnsettled } from '../../core/ledger/unsettled.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, table } from '../html.ts';
import { guildLink, modelName } from './use.ts';

/** Requests whose price is not booked. */
export async function costs({ services, names }: AdminHost): Promise<Html> {
  const requests = await listUnsettled(services.ledger, null, services.clock.now());
  const known = await names.of([...new Set(requests.map(({ guild }) => guild))]);
  const atMost = requests.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  return html`<section>
<p>${
    requests.length === 0
      ? 'Every request is settled: its true price is booked.'
      : `${counted(requests.length, 'request is', 'requests are')} not settled. At most ${usdOrNothing(atMost)} stays set aside for them, and counts towards the limits.`
  }</p>
${table(
  'Requests that are not settled',
  [
    { heading: 'Since' },
    { heading: 'Guild' },
    { heading: 'Person' },
    { heading: 'Model' },
    { heading: 'Paid by' },
    { heading: 'At most', isNumeric: true },
    { heading: 'Why' },
  ],
  requests.map((request) => [
    momentInWords(request.madeAtMs),
    guildLink(request.guild, known.get(request.guild) ?? request.guild),
    named(request.userName ?? request.user),
    named(modelName(request.model, services)),
    request.payer === 'operator' ? 'the operator' : 'its own key',
    usdOrNothing(request.nanoUsd),
    whyUnsettled(request),
  ]),
  'Nothing is open.',
)}
</section>`;
}
