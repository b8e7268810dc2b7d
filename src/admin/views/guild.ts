import { html } from 'hono/html';
import { newestChanges } from '../../core/access/audit.ts';
import type { GuildReport } from '../../core/access/guilds.ts';
import { type AccessLists, entriesOf, listedInWords } from '../../core/access/lists.ts';
import { holdingsInWords } from '../../core/access/tier-words.ts';
import { momentInWords } from '../../core/access/until.ts';
import type { Catalogue } from '../../core/catalogue/catalogue.ts';
import type { GuildRules } from '../../core/ledger/guild-rules.ts';
import { useInWords } from '../../core/ledger/limit-words.ts';
import { peopleGroups, readUsage } from '../../core/ledger/report.ts';
import { mostInWords, personalRules } from '../../core/ledger/rule-words.ts';
import { type GuildId, groupWord, hasGroups, isGuildOfOne, platformOf } from '../../core/ports/actor.ts';
import { EFFORTS } from '../../core/ports/effort.ts';
import { GUILD_LIMITS, LIMITS } from '../../core/ports/limits.ts';
import { LOCAL_PLATFORM, PLATFORMS, type Platform } from '../../core/ports/platforms.ts';
import { keyProviderName, opens, TIERS, type Tier } from '../../core/ports/tiers.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, numeric, pill, table } from '../html.ts';
import { changesTable } from './changes.ts';
import { useCharts, useTable, useTiles } from './use.ts';

const COUNT = 30;
const MAX_PEOPLE = 50;
const MAX_ENTRIES = 20;

/** One guild: its tier, keys, limits and use, and the changes to it. */
export async function guild(host: AdminHost, id: GuildId): Promise<Html> {
  const { services } = host;
  const [report, usage, limits, lists, entries] = await Promise.all([
    services.guilds.report(id),
    readUsage(services, id, COUNT),
    limitsSection(id, services),
    services.settings.lists(id),
    newestChanges(services.audit, id, MAX_ENTRIES),
  ]);
  const people = peopleGroups(usage.rows).slice(0, MAX_PEOPLE);
  return html`<p class="soft"><code>${id}</code> · ${kindOf(id)}</p>
${tierSection(report, services.catalogue)}
${keysSection(report)}
${limits}
${accessSection(id, lists)}
<h2>Use</h2>
${useTiles(usage)}
${await useCharts(host, usage, { guild: id, by: 'model' })}
${
  people.length === 0
    ? ''
    : html`<section><h2>By person, last ${COUNT} days</h2>${useTable(
        'Use by person',
        'Person',
        people.map(({ rows: [own], sum }) => ({
          name: html`<bdi>${own?.userName ?? ''}</bdi> <code class="soft">${own?.user ?? ''}</code>`,
          sum,
        })),
      )}</section>`
}
<section><h2>Changes</h2>
${changesTable(entries, null)}
<p><a href="/admin/audit?guild=${encodeURIComponent(id)}">All changes of this guild</a></p>
</section>`;
}

function kindOf(id: GuildId): string {
  const { guildWord, name } = PLATFORMS[platformOf(id)];
  if (platformOf(id) === LOCAL_PLATFORM) return `the ${guildWord}`;
  return isGuildOfOne(id) ? `direct messages on ${name}` : `a ${guildWord} on ${name}`;
}

function tierSection(report: GuildReport, catalogue: Catalogue): Html {
  const action = `/admin/guilds/${encodeURIComponent(report.id)}`;
  const isGranted = report.grants.length > 0;
  return html`<section><h2>Tier ${pill('soft', report.tier)}</h2>
<ul>${holdingsInWords(report, { forOperator: true }).map((line) => html`<li><bdi>${line}</bdi></li>`)}</ul>
<form class="fields" method="post" action="${action}/grant">
<div><label for="tier">Grant</label><select id="tier" name="tier">${TIERS.map(
    (tier) => html`<option ${tier === report.operatorTier ? 'selected' : ''}>${tier}</option>`,
  )}</select></div>
<div><label for="until">Until (UTC; empty for no end)</label><input id="until" name="until" type="date"></div>
<div class="wide"><label for="reason">Reason, for the audit log</label><input id="reason" name="reason" maxlength="300"></div>
<button>Grant</button></form>
${
  isGranted
    ? html`<h3>Revoke the grant</h3><form class="fields" method="post" action="${action}/revoke">
<div class="wide"><label for="revoke-reason">Reason, for the audit log</label><input id="revoke-reason" name="reason" maxlength="300"></div>
<button class="danger">Revoke</button></form>`
    : ''
}
${tiersTable(catalogue, platformOf(report.id), report.operatorTier)}
</section>`;
}

/** Shows each tier's models on a platform, and its bounds on answers that the operator pays for. */
function tiersTable(catalogue: Catalogue, platform: Platform, here: Tier): Html {
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

function keysSection({ keys }: GuildReport): Html {
  if (keys.length === 0) return html``;
  const words = {
    bad_key: 'rejected by the provider',
    no_credit: 'out of credit',
    unreadable: 'cannot be read',
  };
  return html`<section><h2>Own API keys</h2>
${table(
  'Own API keys',
  ['Provider', 'Ends in', 'State', 'Connected', 'By'],
  keys.map(({ provider, lastFour, fault, connectedAtMs, by }) => [
    keyProviderName(provider),
    html`<code>…${lastFour}</code>`,
    fault === null ? pill('good', 'works') : pill('bad', words[fault]),
    momentInWords(connectedAtMs),
    named(by),
  ]),
)}
</section>`;
}

/** Shows who may use the bot in a guild, and in which channels, with a form to change it. */
function accessSection(guild: GuildId, lists: AccessLists): Html {
  const action = `/admin/guilds/${encodeURIComponent(guild)}/access`;
  const kinds = [
    ['user', 'Person'],
    ...(hasGroups(guild) ? [['role', groupWord(guild)]] : []),
    ['channel', 'Channel'],
  ];
  return html`<section><h2>Who may use the bot</h2>
<p class="soft">Denied entries win over allowed ones. If people or roles are allowed, only they may use the bot; if channels are allowed, only there. For admins only the channels count.</p>
${table(
  'Who may use the bot',
  ['Person, role or channel', 'List', 'Remove'],
  entriesOf(lists).map((entry) => {
    const words = listedInWords(guild, entry);
    return [
      named(words),
      entry.list === 'allow' ? pill('good', 'allowed') : pill('bad', 'denied'),
      html`<form method="post" action="${action}"><input type="hidden" name="list" value="neither"><input type="hidden" name="kind" value="${FIELDS[entry.kind]}"><input type="hidden" name="who" value="${entry.id}"><button class="plain">Remove<span class="visually-hidden"> ${words}</span></button></form>`,
    ];
  }),
  'Everybody may use the bot, in all channels.',
)}
<form class="fields" method="post" action="${action}">
<div><label for="access-list">List</label><select id="access-list" name="list"><option value="deny">Deny</option><option value="allow">Allow</option></select></div>
<div><label for="access-kind">Kind</label><select id="access-kind" name="kind">${kinds.map(
    ([value, label = '']) =>
      html`<option value="${value}">${label.charAt(0).toUpperCase()}${label.slice(1)}</option>`,
  )}</select></div>
<div><label for="who">Id</label><input id="who" name="who" required></div>
<button>Add</button></form>
</section>`;
}

const FIELDS = { users: 'user', groups: 'role', channels: 'channel' } as const;

/** The limits, how much of each is used, and who set it; and a form to set one. */
async function limitsSection(id: GuildId, { guilds, limits, ledger }: AdminHost['services']): Promise<Html> {
  if (!limits.isOn) {
    return html`<section><h2>Limits</h2><p>There are no limits, because <code>LIMITS=off</code> is set.</p></section>`;
  }
  const { operatorTier } = await guilds.access(id);
  const rules = await limits.rules(id);
  const whose = { guild: id, user: '', groups: async () => [], payer: 'operator' } as const;
  const inForce = await limits.limitsFor(whose, operatorTier);
  const levels = new Map((await ledger.levels(whose, inForce)).map((level) => [level.limit, level]));
  return html`<section><h2>Limits</h2>
<p class="soft">For requests that the operator pays for, by tier ${operatorTier}. If several limits apply, the lowest counts.</p>
${table(
  'Limits',
  ['Limit', 'Holds', 'Used', 'Set by the operator', 'Set by admins'],
  GUILD_LIMITS.map((limit) => {
    const level = LIMITS[limit].scope === 'guild' ? levels.get(limit) : undefined;
    return [
      LIMITS[limit].option.label,
      mostInWords(limit, inForce[limit]),
      level === undefined ? 'per person' : useInWords(limit, level.used, level.most),
      mostInWords(limit, rules.operator[limit]),
      mostInWords(limit, rules.guild[limit]),
    ];
  }),
)}
${ownRules(id, rules)}
<h3>Set a limit</h3>
<form class="fields" method="post" action="/admin/guilds/${encodeURIComponent(id)}/limits">
<div class="wide"><label for="limit">Limit</label><select id="limit" name="limit">${GUILD_LIMITS.map(
    (limit) => html`<option value="${LIMITS[limit].option.value}">${LIMITS[limit].option.label}</option>`,
  )}</select></div>
<div><label for="amount">Amount (or none, or default)</label><input id="amount" name="amount" required placeholder="5"></div>
<div><label for="user">Only for one person (id)</label><input id="user" name="user"></div>
<div><label for="role">… or a ${groupWord(id)} (id)</label><input id="role" name="role"></div>
<button>Set</button></form>
</section>`;
}

/** The limits of people and roles. */
function ownRules(id: GuildId, rules: GuildRules): Html {
  const own = personalRules(id, rules);
  if (own.length === 0) return html``;
  return html`<h3>For people and ${groupWord(id)}s</h3>${table(
    'Limits for people and roles',
    ['For', 'Limit', 'At most'],
    own.map(({ who, limit, most }) => [who, LIMITS[limit].option.label, most]),
  )}`;
}
