import { html } from 'hono/html';
import { type AuditEntry, INSTALLATION, newestChanges } from '../../core/access/audit.ts';
import { momentInWords } from '../../core/access/until.ts';
import type { GuildId } from '../../core/ports/actor.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, table } from '../html.ts';
import { guildLink } from './use.ts';

const PAGE = 100;

/** The part of the audit log to show. */
export interface ChangesQuery {
  /** Null for all guilds. */
  readonly guild: GuildId | null;
  /** Number of entries on earlier pages. */
  readonly skip: number;
}

/** The audit log, newest first, page by page. */
export async function changes({ services, names }: AdminHost, { guild, skip }: ChangesQuery): Promise<Html> {
  const found = await newestChanges(services.audit, guild, skip + PAGE + 1);
  const entries = found.slice(skip, skip + PAGE);
  const known = await names.of(entries.map((entry) => entry.guild));
  const of = guild === null ? '' : `&guild=${encodeURIComponent(guild)}`;
  return html`<section aria-label="Filter"><form class="fields" method="get" action="/admin/audit">
<div class="wide"><label for="guild">Only this guild (id)</label><input id="guild" name="guild" value="${guild ?? ''}"></div>
<button class="plain">Show</button></form></section>
<section>
${changesTable(entries, (id) => known.get(id) ?? id)}
<p>${skip === 0 ? '' : html`<a href="/admin/audit?skip=${Math.max(0, skip - PAGE)}${of}">Newer</a> `}${
    found.length > skip + PAGE ? html`<a href="/admin/audit?skip=${skip + PAGE}${of}">Older</a>` : ''
  }</p>
</section>`;
}

/** @param nameOf null to leave out the guild */
export function changesTable(
  entries: readonly AuditEntry[],
  nameOf: ((guild: GuildId) => string) | null,
): Html {
  return table(
    'Changes',
    ['When', ...(nameOf === null ? [] : ['Guild']), 'Who', 'What', 'From', 'To', 'Reason'],
    entries.map(({ atMs, guild, by, action, from, to, reason }) => [
      momentInWords(atMs),
      ...(nameOf === null ? [] : [guild === INSTALLATION ? 'All guilds' : guildLink(guild, nameOf(guild))]),
      named(by),
      action,
      named(from ?? 'nothing'),
      named(to ?? 'nothing'),
      named(reason),
    ]),
    'No changes yet.',
  );
}
