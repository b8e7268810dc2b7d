import { z } from 'zod';
import {
  type Actor,
  type GuildId,
  groupWord,
  hasGroups,
  type Person,
  parseGroup,
  parseUser,
  placeOf,
} from '../ports/actor.ts';
import type { Place } from '../ports/events.ts';

/** The most entries of each kind in a list. */
export const MAX_LISTED = 200;

const listSchema = z.object({
  /** As `Actor.user`. */
  users: z.array(z.string()).default([]),
  /** Ids as in `Actor.groups`. */
  groups: z.array(z.string()).default([]),
  /** As `Place.channel`. */
  channels: z.array(z.string()).default([]),
});

/** The people who may use the bot in a guild, and the channels where they may. Denied entries win over allowed ones. */
export const accessListsSchema = z.object({
  /** If it has entries of a kind, only those are allowed. People and groups are one kind, channels another. */
  allow: listSchema.exactOptional(),
  deny: listSchema.exactOptional(),
});

export type AccessLists = z.infer<typeof accessListsSchema>;
export type ListName = keyof AccessLists;

/** An entry of a list. */
export interface Listed {
  readonly kind: 'users' | 'groups' | 'channels';
  readonly id: string;
}

/** The list that a word of people's means: null for `neither`, undefined if there is no such list. */
export function listNamed(word: string): ListName | null | undefined {
  if (word === 'neither') return null;
  return LIST_NAMES.find((name) => name === word);
}

/** Somebody or a channel as people write it; one of the three. */
export interface WrittenListed {
  readonly user?: string | undefined;
  readonly role?: string | undefined;
  readonly channel?: string | undefined;
}

/** Reads what is to stand in a list of the guild; a sentence for people if that is not possible. */
export function readListed(
  guild: GuildId,
  { user, role, channel }: WrittenListed,
  everybody: readonly Person[] | null,
): Listed | string {
  if ([user, role, channel].filter((each) => each !== undefined).length !== 1) {
    return 'Give one of `user`, `role` and `channel`.';
  }
  if (user !== undefined) {
    const id = parseUser(user, guild, everybody);
    return id === null ? '`user` must be a mention or a user ID.' : { kind: 'users', id };
  }
  if (role !== undefined) {
    if (!hasGroups(guild)) return 'There are no roles here. Leave out `role`.';
    const id = parseGroup(role, guild);
    return id === null
      ? `\`role\` must be a mention or ID of a ${groupWord(guild)}.`
      : { kind: 'groups', id };
  }
  const id = /^(?:<#)?([\w-]{1,100})(?:\|[^>]*)?>?$/.exec(channel ?? '')?.[1];
  return id === undefined ? '`channel` must be a mention or ID of a channel.' : { kind: 'channels', id };
}

/** `person 42`, `role 7`, `channel C1`. */
export function listedInWords(guild: GuildId, { kind, id }: Listed): string {
  return `${{ users: 'person', groups: groupWord(guild), channels: 'channel' }[kind]} ${id}`;
}

/** Everything that stands in the lists. */
export function entriesOf(lists: AccessLists): readonly (Listed & { readonly list: ListName })[] {
  return LIST_NAMES.flatMap((list) =>
    KINDS.flatMap((kind) => (lists[list]?.[kind] ?? []).map((id) => ({ list, kind, id }))),
  );
}

const LIST_NAMES = ['allow', 'deny'] as const satisfies readonly ListName[];
const KINDS = ['users', 'groups', 'channels'] as const satisfies readonly Listed['kind'][];

type List = z.infer<typeof listSchema>;

const EMPTY: List = { users: [], groups: [], channels: [] };

/** The lists with an entry in exactly one of them, or in none for null; null if that list is full. */
export function withListed(
  lists: AccessLists,
  { kind, id }: Listed,
  to: ListName | null,
): AccessLists | null {
  const next: AccessLists = {};
  for (const name of LIST_NAMES) {
    const list = lists[name] ?? EMPTY;
    const others = list[kind].filter((other) => other !== id);
    if (name === to && others.length >= MAX_LISTED) return null;
    const changed = { ...list, [kind]: name === to ? [...others, id] : others };
    if (changed.users.length + changed.groups.length + changed.channels.length > 0) next[name] = changed;
  }
  return next;
}

/**
 * Why a person may not use the bot here; null if they may. Only lists of channels bind admins, who must be able to correct
 * the others.
 */
export async function refusalByLists(
  { allow = EMPTY, deny = EMPTY }: AccessLists,
  { actor, place }: { readonly actor: Actor; readonly place: Place },
  isAdmin: () => Promise<boolean>,
): Promise<string | null> {
  const { channel, guild } = place;
  const where = placeOf(guild);
  if (deny.channels.includes(channel) || isOutside(allow.channels, channel)) {
    return `An admin of ${where} has switched me off in this channel. Ask me in another channel. Admins can change this with \`/access\`.`;
  }
  const bindsPeople = [allow, deny].some(({ users, groups }) => users.length + groups.length > 0);
  if (!bindsPeople || (await isAdmin())) return null;
  const needsGroups = allow.groups.length + deny.groups.length > 0;
  const groups = needsGroups ? await actor.groups() : [];
  const denied = `An admin of ${where} has blocked you from using me. If that is a mistake, ask an admin to change it with \`/access\`.`;
  if (deny.users.includes(actor.user)) return denied;
  if (deny.groups.length > 0) {
    if (groups === null) {
      return `I cannot see your ${groupWord(guild)}s right now, so I cannot check whether you may use me in ${where}. Try again in a minute. If it keeps happening, tell an admin.`;
    }
    if (groups.some((id) => deny.groups.includes(id))) return denied;
  }
  const isOpen = allow.users.length + allow.groups.length === 0;
  if (isOpen || allow.users.includes(actor.user) || groups?.some((id) => allow.groups.includes(id)))
    return null;
  return `Only selected people may use me in ${where}. To be added, ask an admin to use \`/access\`.`;
}

function isOutside(list: readonly string[], id: string): boolean {
  return list.length > 0 && !list.includes(id);
}
