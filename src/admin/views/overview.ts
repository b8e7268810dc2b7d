import { html } from 'hono/html';
import { momentInWords } from '../../core/access/until.ts';
import { readOutcomes } from '../../core/chat/outcome-report.ts';
import { DIRECT_MESSAGES } from '../../core/chat/outcomes.ts';
import { MAX_PAUSE_CHARS, type Pause } from '../../core/chat/pause.ts';
import { counted } from '../../core/kit/text.ts';
import { levelInWords, usdOrNothing } from '../../core/ledger/limit-words.ts';
import {
  groupsOf,
  ratedInWords,
  readUsage,
  sumInWords,
  sumOf,
  type UsageRow,
} from '../../core/ledger/report.ts';
import type { GuildId } from '../../core/ports/actor.ts';
import { isGuildLimit, UNLIMITED_GUILD } from '../../core/ports/limits.ts';
import { LOCAL_PLATFORM } from '../../core/ports/platforms.ts';
import { StoreError } from '../../core/ports/store.ts';
import type { Services } from '../../core/services.ts';
import { chart, seriesFor, shownOf } from '../chart.ts';
import type { AdminHost, Health } from '../host.ts';
import { type Html, pill, table } from '../html.ts';
import { outcomeCharts, outcomeTable } from './outcomes.ts';

export const DAYS = [7, 30, 90] as const;
export const GROUPINGS = { model: 'model', guild: 'guild' } as const;

/** What the overview is asked for, by its address. */
export interface OverviewQuery {
  readonly days: (typeof DAYS)[number];
  readonly by: keyof typeof GROUPINGS;
}

/** How everything is, and what was used. It shows the first also if the store fails. */
export async function overview(host: AdminHost, query: OverviewQuery): Promise<Html> {
  const state = await host.health();
  try {
    const [pause, live, use] = await Promise.all([
      host.services.pauses.read(),
      host.services.underWay.list(),
      useOf(host, query),
    ]);
    return html`${pauseSection(pause, live.length)}${healthSection(state)}${use}`;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return html`${healthSection(state)}<p class="word bad" role="alert">The store does not answer, so what was used cannot be shown.</p>`;
  }
}

async function useOf({ services, names }: AdminHost, query: OverviewQuery): Promise<Html> {
  const { clock, timeZone } = services;
  const by = GROUPINGS[query.by];
  const [{ rows, days, sums }, levels] = await Promise.all([
    readUsage(services, { guild: null, count: query.days, nowMs: clock.now(), timeZone }),
    services.ledger.levels({ guild: 'web:local', user: '', payer: 'operator' }, UNLIMITED_GUILD),
  ]);
  const went = await readOutcomes(services.outcomes, { guild: null, day: days[0] ?? '', timeZone });
  const known = await names.of([...new Set([...rows, ...went].map(({ guild }) => guild))]);
  const keyOf = (row: Pick<UsageRow, 'guild' | 'model'>) => (query.by === 'guild' ? row.guild : row.model);
  const nameOf = (key: string) =>
    query.by === 'model'
      ? modelName(key, services)
      : key === DIRECT_MESSAGES
        ? 'Direct messages'
        : (known.get(key as GuildId) ?? key);
  const named = <G extends { readonly key: string }>(group: G) => ({
    ...group,
    id: group.key,
    key: nameOf(group.key),
  });
  const groups = groupsOf(rows, keyOf).map(named);
  const outcomes = Array.from(Map.groupBy(went, keyOf), ([key, some]) => named({ key, rows: some }));
  const shown = shownOf([...groups, ...outcomes].map(({ key }) => key));
  const link = ({ id, key }: { readonly id: string; readonly key: string }) =>
    query.by === 'guild' && id !== DIRECT_MESSAGES ? guildLink(id, key) : html`<bdi>${key}</bdi>`;
  const installation = levels.filter(({ limit, most }) => !isGuildLimit(limit) && most !== null);
  const tiles = [
    ['Today', sums.today],
    ['This month', sums.month],
    [`Last ${query.days} days`, sums.days],
  ] as const;
  return html`<h2 id="use">Use</h2>
<dl class="tiles">${tiles.map(
    ([name, sum]) =>
      html`<div><dt>${name}</dt><dd class="amount">${usdOrNothing(sum.costNanoUsd)}</dd><dd class="soft">${sumInWords(sum)}</dd></div>`,
  )}</dl>
${
  installation.length === 0
    ? ''
    : html`<ul class="soft">${installation.map((level) => html`<li>${levelInWords(level, { nowMs: clock.now(), timeZone, platform: null })}</li>`)}</ul>`
}
${filter(query)}
<section aria-label="Charts"><div class="charts">
${chart({
  title: `Cost by ${by}`,
  days,
  series: seriesFor(shown, groups, days, (some) => sumOf(some).costNanoUsd),
  kind: 'bars',
  format: usdOrNothing,
})}
${chart({
  title: `Requests by ${by}`,
  days,
  series: seriesFor(shown, groups, days, (some) => sumOf(some).requests),
  kind: 'bars',
  format: (value) => value.toLocaleString('en-US'),
})}
${outcomeCharts(by, days, { shown, groups: outcomes, rows })}
</div></section>
<section><h2>By ${by}, last ${query.days} days</h2>
${useTable(
  `Use by ${by}`,
  query.by === 'guild' ? 'Guild' : 'Model',
  groups.map((group) => ({ name: link(group), sum: group.sum })),
)}
<h3>How answers went</h3>
${outcomeTable(
  query.by === 'guild' ? 'Guild' : 'Model',
  outcomes.map((group) => ({ ...group, name: link(group) })),
)}
</section>`;
}

export function modelName(id: string, { catalogue }: Pick<Services, 'catalogue'>): string {
  // In the playground all models are on offer.
  return catalogue.get(id, LOCAL_PLATFORM)?.name ?? id;
}

export function guildLink(guild: string, name: string): Html {
  return html`<a href="/admin/guilds/${encodeURIComponent(guild)}"><bdi>${name}</bdi></a>`;
}

/** Requests, tokens and cost; what is not settled and what was rated have columns only if there is some. */
export function useTable(
  caption: string,
  heading: string,
  lines: readonly { readonly name: Html; readonly sum: ReturnType<typeof sumOf> }[],
): Html {
  const isOpen = lines.some(({ sum }) => sum.unsettled > 0);
  const isRated = lines.some(({ sum }) => sum.good + sum.bad > 0);
  return table(
    caption,
    [
      { heading },
      ...['Requests', 'Tokens', 'Cost', ...(isOpen ? ['Not settled', 'At most'] : [])].map((each) => ({
        heading: each,
        isNumeric: true,
      })),
      ...(isRated ? [{ heading: 'Rated' }] : []),
    ],
    lines.map(({ name, sum }) => [
      name,
      sum.requests,
      sum.promptTokens + sum.completionTokens,
      usdOrNothing(sum.costNanoUsd),
      ...(isOpen ? [sum.unsettled, usdOrNothing(sum.unsettledNanoUsd)] : []),
      ...(isRated ? [ratedInWords(sum)] : []),
    ]),
    'Nothing was used in these days.',
  );
}

/** @param live how many answers are under way in all processes */
function pauseSection(pause: Pause | null, live: number): Html {
  if (pause === null) {
    return html`<section><h2>Questions ${pill('good', 'are taken')}</h2>
<form class="fields" method="post" action="/admin/pause">
<div class="wide"><label for="pause-text">What people are told meanwhile (a general word if empty)</label>
<input id="pause-text" name="text" maxlength="${MAX_PAUSE_CHARS}" placeholder="Back at noon."></div>
<button class="danger">Pause</button></form>
<p class="soft">No process takes new questions then; answers under way go on to their end.</p></section>`;
  }
  return html`<section><h2>Questions ${pill('warn', 'paused')}</h2>
<p>Since ${momentInWords(pause.sinceMs)} by <bdi>${pause.by}</bdi>. ${
    pause.text === '' ? 'People are told in general words.' : html`People are told: <bdi>${pause.text}</bdi>`
  }</p>
<p>${
    live === 0
      ? 'No answer is under way in any process: they can be stopped, and nobody loses anything.'
      : html`${counted(live, 'answer is', 'answers are')} <a href="/admin/answers">still under way</a>. Load this page again to see how many are left.`
  }</p>
<form method="post" action="/admin/resume"><button>Take questions again</button></form></section>`;
}

function healthSection(health: Health): Html {
  const words = { good: 'well', warn: 'look', bad: 'down' } as const;
  return html`<section><h2>State of this process</h2>
${table(
  'State of platforms, providers, store and backlog',
  [{ heading: 'What' }, { heading: 'State' }, { heading: 'Finding' }],
  health.map(({ area, name, state, finding }) => [
    html`<span class="soft">${area}</span> ${name}`,
    pill(state, words[state]),
    finding,
  ]),
)}
</section>`;
}

function filter({ days, by }: OverviewQuery): Html {
  return html`<section aria-label="What the charts show"><form class="fields" method="get" action="/admin">
<div><label for="days">Days</label><select id="days" name="days">${DAYS.map(
    (each) => html`<option value="${each}" ${each === days ? 'selected' : ''}>Last ${each} days</option>`,
  )}</select></div>
<div><label for="by">By</label><select id="by" name="by">${Object.entries(GROUPINGS).map(
    ([value, label]) => html`<option value="${value}" ${value === by ? 'selected' : ''}>By ${label}</option>`,
  )}</select></div>
<button class="plain">Show</button></form></section>`;
}
