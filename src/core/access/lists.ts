import { z } from 'zod';
import { type Actor, groupWord, placeOf } from '../ports/actor.ts';
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

/** Who may use the bot in a guild, and in which channels. Denied entries win over allowed ones. */
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

type List = z.infer<typeof listSchema>;

const EMPTY: List = { users: [], groups: [], channels: [] };

/** The lists with an entry in exactly one of them, or in none for null; null if that list is full. */
export function withListed(
  lists: AccessLists,
  { kind, id }: Listed,
  to: ListName | null,
): AccessLists | null {
  const next: AccessLists = {};
  for (const name of ['allow', 'deny'] as const) {
    const list = lists[name] ?? EMPTY;
    const others = list[kind].filter((other) => other !== id);
    if (name === to && others.length >= MAX_LISTED) return null;
    const changed = { ...list, [kind]: name === to ? [...others, id] : others };
    if (changed.users.length + changed.groups.length + changed.channels.length > 0) next[name] = changed;
  }
  return next;
}

/**
 * Tells a person why they may not use the bot in a place, in sentences; null if they may. Only channel lists bind admins, who
 * must be able to correct the others.
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
