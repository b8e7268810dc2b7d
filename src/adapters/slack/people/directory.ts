import { z } from 'zod';
import { orLog } from '../../../core/kit/or-log.ts';
import type { Actor } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';
import { createLookUps, type LookUpMeans } from '../api/look-ups.ts';
import { guildOf, userOf } from '../api/places.ts';
import type { Channel, Channels } from './channels.ts';
import { createUserGroups } from './user-groups.ts';

/** People and channels, as core names them. */
export type Directory = ReturnType<typeof createDirectory>;

/** Prefixes of channel ids; those of direct messages differ. */
const CHANNEL = /^[CG]/;

export const userSchema = z.object({
  team_id: z.string().optional(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  /** In an organisation, all workspaces of the person. */
  enterprise_user: z.object({ teams: z.array(z.string()).default([]) }).optional(),
  deleted: z.boolean().optional(),
  profile: z.object({ display_name: z.string().optional(), real_name: z.string().optional() }).optional(),
});
type User = z.infer<typeof userSchema>;

/** Caches each person for five minutes. */
export function createDirectory(means: LookUpMeans, channels: Channels) {
  const { log } = means;
  const { team } = means.workspace;
  const userGroups = createUserGroups(means);
  const person = createLookUps(means, {
    schema: userSchema,
    one: { method: 'users.info', name: 'user' },
    many: {
      method: 'users.list',
      // The most that Slack lists in one call: docs.slack.dev/apis/web-api/pagination.
      args: { limit: 999 },
      field: 'members',
      // Lists may leave out the organisation of a person.
      read: (user) => (isMember(user) ? user : null),
    },
  });

  /** Whether a person belongs to the workspace; others come from elsewhere into a shared channel. */
  function isMember({ team_id, enterprise_user }: User): boolean {
    return team_id === team || (enterprise_user?.teams ?? []).includes(team);
  }

  const find = (user: string): Promise<User | null> =>
    person(user).catch(orLog(log, 'warn', { user }, 'could not look up a user', null));

  async function channelOf(channel: string): Promise<Channel> {
    try {
      return await channels.get(channel);
    } catch (error) {
      log.info({ err: error, channel }, 'could not look up a channel');
      return {};
    }
  }

  /** The display name of a person, handle of a user group or name of a public channel, by id; null if Slack does not say. */
  async function name(id: string): Promise<string | null> {
    if (id.startsWith('S')) return userGroups.handleOf(id);
    if (!CHANNEL.test(id)) return userName(id);
    const { name, is_private } = await channelOf(id);
    // Somebody outside a private channel must not learn its name from its id.
    return is_private === true ? null : (name ?? null);
  }

  async function userName(user: string): Promise<string | null> {
    const found = await find(user);
    const names = [found?.profile?.display_name, found?.profile?.real_name, found?.real_name, found?.name];
    return names.find((candidate) => candidate !== undefined && candidate.trim() !== '') ?? null;
  }

  return {
    name,
    /** The place with its channel's name, for a person in that channel; without it if Slack does not say. Never rejects. */
    async named(place: Place, channel: string): Promise<Place> {
      if (!CHANNEL.test(channel)) return place;
      const { name, is_mpim } = await channelOf(channel);
      // Slack generates the names of group messages.
      return name === undefined || is_mpim === true ? place : { ...place, channelName: name };
    },
    /** A person of the workspace, or an outsider in a shared channel. Never rejects. */
    async actor(user: string): Promise<Actor> {
      const known = await find(user);
      return {
        // In doubt the person counts as an outsider, which opens nothing.
        isOutsider: known === null || !isMember(known),
        guild: guildOf(team),
        user: userOf(team, user),
        name: (await userName(user)) ?? 'Somebody',
        async managesGuild() {
          const found = await find(user);
          if (found === null || found.deleted || found.team_id !== team) return false;
          return found.is_admin === true || found.is_owner === true;
        },
        groups: () => userGroups.of(user),
      };
    },
  };
}
