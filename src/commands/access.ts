import { type AccessLists, type ListName, listNamed, MAX_LISTED, readListed } from '../core/access/lists.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import { accountOf, groupWord, placeOf } from '../core/ports/actor.ts';
import { choice } from './options/choice.ts';

export const access = defineCommand({
  name: 'access',
  description: 'Show or change who may use me here, and in which channels',
  role: 'admin',
  reply: 'private',
  isOpenToAll: true,
  options: {
    list: choice('What to do with the user, role or channel', {
      allow: 'Allow: if anything is allowed, only that is',
      deny: 'Deny, whatever is allowed',
      neither: 'Take it off both lists',
    }),
    user: { type: 'text', description: 'A person: a mention or a user ID', maxChars: 100 },
    role: { type: 'text', description: 'A role or user group: a mention or an ID', maxChars: 100 },
    channel: { type: 'flag', description: 'This channel' },
  },
  async run(context, { list, user, role, channel }) {
    const { actor, place, services } = context;
    const before = await services.settings.lists(place.guild);
    const written = { user, role, channel: channel ? place.channel : undefined };
    if (Object.values(written).every((value) => value === undefined) && list === undefined) {
      return inWords(before, context);
    }
    if (list === undefined) return 'Add the `list`: `allow`, `deny` or `neither`.';
    const listed = readListed(place.guild, written, services.peopleIn(place.guild));
    if (typeof listed === 'string') return listed;
    const by = accountOf(actor);
    const to = listNamed(list) ?? null;
    if (!(await services.settings.changeAccess({ guild: place.guild, ...listed, to, by }))) {
      return `The list is full: it takes ${MAX_LISTED} of a kind. Take something off first.`;
    }
    return `Saved.\n\n${inWords(await services.settings.lists(place.guild), context)}`;
  },
});

function inWords({ allow, deny }: AccessLists, { place }: CommandContext): string {
  const { guild } = place;
  if (!allow && !deny) {
    return `Everyone in ${placeOf(guild)} may use me, in all channels. \`/access list:deny user:…\` changes that.`;
  }
  const entries = (name: string, list: AccessLists[ListName]) => {
    if (!list) return [];
    const parts = [
      ...list.users.map((id) => `person \`${id}\``),
      ...list.groups.map((id) => `${groupWord(guild)} \`${id}\``),
      ...list.channels.map((id) => `channel \`${id}\`${id === place.channel ? ' (this one)' : ''}`),
    ];
    return parts.length === 0 ? [] : [`- ${name}: ${parts.join(', ')}`];
  };
  return [
    `**Who may use me in ${placeOf(guild)}**`,
    ...entries('Allowed (all others of the same kind are not)', allow),
    ...entries('Denied', deny),
    'For admins only the channels count. `/export`, `/forget` and `/help` work for everyone.',
  ].join('\n');
}
