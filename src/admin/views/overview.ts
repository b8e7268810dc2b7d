import { html } from 'hono/html';
import { momentInWords } from '../../core/access/until.ts';
import { MAX_PAUSE_CHARS, type Pause } from '../../core/chat/question/pause.ts';
import { counted } from '../../core/kit/text/text.ts';
import { levelInWords } from '../../core/ledger/limit-words.ts';
import { readUsage } from '../../core/ledger/report.ts';
import { isGuildLimit, UNLIMITED_GUILD } from '../../core/ports/limits.ts';
import { StoreError } from '../../core/ports/store.ts';
import type { AdminHost, Health } from '../host.ts';
import { type Html, pill, table } from '../html.ts';
import { type Grouping, useCharts, useTiles } from './use.ts';

export const DAYS = [7, 30, 90] as const;
export const GROUPINGS = ['model', 'guild'] as const satisfies readonly Grouping[];

/** The choices in the page's address. */
export interface OverviewQuery {
  readonly days: (typeof DAYS)[number];
  readonly by: Grouping;
}

/** Health and use. Shows the health even if the store fails. */
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
    return html`${healthSection(state)}<p class="word bad" role="alert">The store does not answer, so usage cannot be shown.</p>`;
  }
}

async function useOf(host: AdminHost, { days, by }: OverviewQuery): Promise<Html> {
  const { clock, timeZone, ledger } = host.services;
  const nowMs = clock.now();
  const [report, levels] = await Promise.all([
    readUsage(host.services, null, days),
    ledger.levels({ guild: 'web:local', user: '', payer: 'operator' }, UNLIMITED_GUILD),
  ]);
  const installation = levels.filter(({ limit, most }) => !isGuildLimit(limit) && most !== null);
  return html`<h2 id="use">Use</h2>
${useTiles(report)}
${
  installation.length === 0
    ? ''
    : html`<ul class="soft">${installation.map((level) => html`<li>${levelInWords(level, { nowMs, timeZone, platform: null })}</li>`)}</ul>`
}
${filter({ days, by })}
${await useCharts(host, report, { guild: null, by })}`;
}

/** @param live the number of answers in progress in all processes */
function pauseSection(pause: Pause | null, live: number): Html {
  if (pause === null) {
    return html`<section><h2>Questions ${pill('good', 'are taken')}</h2>
<form class="fields" method="post" action="/admin/pause">
<div class="wide"><label for="pause-text">Message for people meanwhile (optional)</label>
<input id="pause-text" name="text" maxlength="${MAX_PAUSE_CHARS}" placeholder="Back at noon."></div>
<button class="danger">Pause</button></form>
<p class="soft">While paused, no process takes new questions. Answers in progress continue to their end.</p></section>`;
  }
  return html`<section><h2>Questions ${pill('warn', 'paused')}</h2>
<p>Since ${momentInWords(pause.sinceMs)} by <bdi>${pause.by}</bdi>. ${
    pause.text === '' ? 'People see the default message.' : html`People see: <bdi>${pause.text}</bdi>`
  }</p>
<p>${
    live === 0
      ? 'No answer is in progress. All processes can be stopped without losing anything.'
      : html`${counted(live, 'answer is', 'answers are')} <a href="/admin/answers">still in progress</a>. Reload the page to see how many are left.`
  }</p>
<form method="post" action="/admin/resume"><button>Resume</button></form></section>`;
}

function healthSection(health: Health): Html {
  const words = { good: 'well', warn: 'look', bad: 'down' } as const;
  return html`<section><h2>State of this process</h2>
${table(
  'State of platforms, providers, store and backlog',
  ['What', 'State', 'Finding'],
  health.map(({ area, name, state, finding }) => [
    html`<span class="soft">${area}</span> ${name}`,
    pill(state, words[state]),
    finding,
  ]),
)}
</section>`;
}

function filter({ days, by }: OverviewQuery): Html {
  return html`<section aria-label="Chart options"><form class="fields" method="get" action="/admin">
<div><label for="days">Days</label><select id="days" name="days">${DAYS.map(
    (each) => html`<option value="${each}" ${each === days ? 'selected' : ''}>Last ${each} days</option>`,
  )}</select></div>
<div><label for="by">By</label><select id="by" name="by">${GROUPINGS.map(
    (each) => html`<option value="${each}" ${each === by ? 'selected' : ''}>By ${each}</option>`,
  )}</select></div>
<button class="plain">Show</button></form></section>`;
}
