import {
  type AccessLists,
  type Listed,
  type ListName,
  MAX_LISTED,
  withListed,
} from '../core/access/lists.ts';
import { type CommandContext, defineCommand } from '../core/command.ts';
import { groupWord, hasGroups, parseGroup, parseUser, placeOf } from '../core/ports/actor.ts';
import { recordChange } from './setting-scope.ts';

export const access = defineCommand({
  name: 'access',
  description: 'Show or change who may use me here, and in which channels',
  role: 'admin',
  reply: 'private',
  isOpenToAll: true,
  options: {
    list: {
      type: 'choice',
      description: 'What to do with the user, role or channel',
      choices: [
        { value: 'allow', label: 'Allow: if anything is allowed, only that is' },
        { value: 'deny', label: 'Deny, whatever is allowed' },
        { value: 'neither', label: 'Take it off both lists' },
      ],
    },
    user: { type: 'text', description: 'A person: a mention or a user ID', maxChars: 100 },
    role: { type: 'text', description: 'A role or user group: a mention or an ID', maxChars: 100 },
    channel: { type: 'flag', description: 'This channel' },
  },
  async run(context, { list, user, role, channel }) {
    const { place, services, tell } = context;
    const before = await services.settings.lists(place.guild);
    const given = [user, role, channel || undefined].filter((value) => value !== undefined);
    if (list === undefined && given.length === 0) return tell(inWords(before, context));
    if (list === undefined) return tell('Add the `list`: `allow`, `deny` or `neither`.');
    if (given.length !== 1) return tell('Give one of `user`, `role` and `channel`.');
    const listed = listedIn(context, { user, role });
    if (typeof listed === 'string') return tell(listed);
    const to: ListName | null = list === 'neither' ? null : list;
    let isFull = false;
    await services.settings.change('guild', { place, conversation: null }, (setting) => {
      const next = withListed(setting.lists ?? {}, listed, to);
      isFull = next === null;
      return next === null ? {} : { lists: Object.keys(next).length === 0 ? undefined : next };
    });
    if (isFull) return tell(`The list is full: it takes ${MAX_LISTED} of a kind. Take something off first.`);
    await recordChange(context, 'guild', `access of ${listed.kind} ${listed.id}`, list);
    await tell(`Saved.\n\n${inWords(await services.settings.lists(place.guild), context)}`);
  },
});

/** What the options name, or what is wrong with them. */
function listedIn(
  { place, services }: CommandContext,
  { user, role }: { readonly user: string | undefined; readonly role: string | undefined },
): Listed | string {
  const { guild, channel } = place;
  if (user !== undefined) {
    const id = parseUser(user, guild, services.peopleIn(guild));
    return id === null ? '`user` must be a mention or a user ID.' : { kind: 'users', id };
  }
  if (role !== undefined) {
    if (!hasGroups(guild)) return 'There are no roles here. Leave out `role`.';
    const id = parseGroup(role, guild);
    return id === null
      ? `\`role\` must be a mention or ID of a ${groupWord(guild)}.`
      : { kind: 'groups', id };
  }
  return { kind: 'channels', id: channel };
}

function inWords({ allow, deny }: AccessLists, { place }: CommandContext): string {
  const { guild } = place;
  if (!allow && !deny) {
    return `Everybody in ${placeOf(guild)} may use me, in all channels. \`/access list:deny user:…\` changes that.`;
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
    ...entries('Allowed, and nobody and nothing else of the kind', allow),
    ...entries('Denied', deny),
    'Admins are bound by the channels alone. `/export`, `/forget` and `/help` are open to everybody.',
  ].join('\n');
}
