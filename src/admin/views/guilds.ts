import { html } from 'hono/html';
import { listGuilds } from '../../core/ledger/guild-list.ts';
import { usdOrNothing } from '../../core/ledger/limit-words.ts';
import { readUsage } from '../../core/ledger/report.ts';
import type { AdminHost } from '../host.ts';
import { type Html, numeric, table } from '../html.ts';
import { guildLink } from './use.ts';

const COUNT = 30;

/** All guilds, as `parley guilds` lists them, and a form to open one that is not listed. */
export async function guilds({ services, names }: AdminHost): Promise<Html> {
  const { rows } = await readUsage(services, null, COUNT);
  const listed = await listGuilds({ guilds: services.guilds, names }, rows);
  return html`<section>
${table(
  'Guilds and workspaces',
  ['Guild', 'Id', 'Tier', numeric(`Requests, ${COUNT} days`), numeric('Cost'), 'Last used'],
  listed.map(({ guild, name, tier, requests, costNanoUsd, lastDay }) => [
    guildLink(guild, name ?? guild),
    html`<code>${guild}</code>`,
    tier,
    requests,
    usdOrNothing(costNanoUsd),
    lastDay ?? '–',
  ]),
  'The bot is not in any guild yet.',
)}
</section>
<section><h2>Another guild</h2>
<form class="fields" method="get" action="/admin/guilds">
<div class="wide"><label for="id">Guild id, for example <code>discord:1234</code> or <code>slack:T0123</code></label>
<input id="id" name="id" required></div>
<button class="plain">Open</button></form></section>`;
}
