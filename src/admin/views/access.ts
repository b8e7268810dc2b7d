import { html } from 'hono/html';
import { type AccessLists, entriesOf, listedInWords } from '../../core/access/lists.ts';
import { type GuildId, groupWord, hasGroups } from '../../core/ports/actor.ts';
import { type Html, named, pill, table } from '../html.ts';

/** Shows who may use the bot in a guild, and in which channels, with a form to change it. */
export function accessSection(guild: GuildId, lists: AccessLists): Html {
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
