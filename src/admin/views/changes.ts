import { html } from 'hono/html';
import { type AuditEntry, INSTALLATION } from '../../core/access/audit.ts';
import { momentInWords } from '../../core/access/until.ts';
import type { GuildId } from '../../core/ports/actor.ts';
import type { AdminHost } from '../host.ts';
import { type Html, named, table } from '../html.ts';
import { guildLink } from './use.ts';

const PAGE = 100;

/** What the audit log is asked for. */
export interface ChangesQuery {
  /** Null for all guilds. */
  readonly guild: GuildId | null;
  /** Entries that the pages before have shown. */
  readonly skip: number;
}

/** Who changed what, newest first, so many a page. */
export async function changes({ services, names }: AdminHost, { guild, skip }: ChangesQuery): Promise<Html> {
  const found = await newestChanges(services.audit, guild, skip + PAGE + 1);
  const entries = found.slice(skip, skip + PAGE);
  const known = await names.of([...new Set(entries.map((entry) => entry.guild))]);
  const of = guild === null ? '' : `&guild=${encodeURIComponent(guild)}`;
  return html`<section aria-label="What is shown"><form class="fields" method="get" action="/admin/audit">
<div class="wide"><label for="guild">Of one guild alone (its id)</label><input id="guild" name="guild" value="${guild ?? ''}"></div>
<button class="plain">Show</button></form></section>
<section>
${changesTable(entries, (id) => known.get(id) ?? id)}
<p>${skip === 0 ? '' : html`<a href="/admin/audit?skip=${Math.max(0, skip - PAGE)}${of}">Newer</a> `}${
    found.length > skip + PAGE ? html`<a href="/admin/audit?skip=${skip + PAGE}${of}">Older</a>` : ''
  }</p>
</section>`;
}

/** @param nameOf null to leave the guild out */
export function changesTable(
  entries: readonly AuditEntry[],
  nameOf: ((guild: GuildId) => string) | null,
): Html {
  return table(
    'Changes',
    [
      { heading: 'When' },
      ...(nameOf === null ? [] : [{ heading: 'Guild' }]),
      { heading: 'Who' },
      { heading: 'What' },
      { heading: 'From' },
      { heading: 'To' },
      { heading: 'Reason' },
    ],
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

/** The newest changes of a guild, or of all. */
export async function newestChanges(
  audit: AdminHost['services']['audit'],
  guild: GuildId | null,
  count: number,
): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  for await (const entry of audit.query(guild === null ? {} : { of: { guild } })) {
    found.push(entry);
    if (found.length === count) break;
  }
  return found;
}
