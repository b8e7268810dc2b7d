import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Actor } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';
import { createCache } from '../api/cache.ts';
import { guildOf, userOf } from '../api/places.ts';
import type { Workspace } from '../api/workspace.ts';
import { createUserGroups } from './user-groups.ts';

/** People, from `users.info`, and their user groups. */
export interface Directory {
  /** A person of the workspace, or an outsider in a shared channel. Never rejects. */
  actor(user: string): Promise<Actor>;
  /** The display name of a person, handle of a user group or name of a public channel, by id; null if Slack does not say. */
  name(user: string): Promise<string | null>;
  /** The place with its channel's name, for a person in that channel; without it if Slack does not say. Never rejects. */
  named(place: Place, channel: string): Promise<Place>;
}

const userSchema = z.object({
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
const channelSchema = z.object({
  name: z.string().optional(),
  is_private: z.boolean().optional(),
  is_mpim: z.boolean().optional(),
});
type Channel = z.infer<typeof channelSchema>;
type User = z.infer<typeof userSchema>;

/** Prefixes of channel ids; those of direct messages differ. */
const CHANNEL = /^[CG]/;

/** Somebody who is no longer an admin keeps the role for at most this long. */
const TTL_MS = 5 * 60_000;

/** Caches people and channels for five minutes. */
export function createDirectory(
  workspace: Workspace,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Directory {
  const users = createCache<User>(clock, TTL_MS);
  const channels = createCache<Channel>(clock, TTL_MS);
  const userGroups = createUserGroups(workspace, clock, log, signal);

  const lookUp = (user: string) =>
    users.get(user, async () =>
      userSchema.parse((await workspace.call('users.info', { user }, signal))['user']),
    );

  async function find(user: string): Promise<User | null> {
    try {
      return await lookUp(user);
    } catch (error) {
      log.warn({ err: error, user }, 'could not look up a user');
      return null;
    }
  }

  async function channelOf(channel: string): Promise<Channel> {
    try {
      return await channels.get(channel, async () =>
        channelSchema.parse((await workspace.call('conversations.info', { channel }, signal))['channel']),
      );
    } catch (error) {
      log.info({ err: error, channel }, 'could not look up a channel');
      return {};
    }
  }

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
    async named(place, channel) {
      if (!CHANNEL.test(channel)) return place;
      const { name, is_mpim } = await channelOf(channel);
      // Slack generates the names of group messages.
      return name === undefined || is_mpim === true ? place : { ...place, channelName: name };
    },
    async actor(user) {
      const known = await find(user);
      const teams = [known?.team_id, ...(known?.enterprise_user?.teams ?? [])];
      return {
        // In doubt the person counts as an outsider, which opens nothing.
        isOutsider: !teams.includes(workspace.team),
        guild: guildOf(workspace.team),
        user: userOf(workspace.team, user),
        name: (await userName(user)) ?? 'Somebody',
        async managesGuild() {
          const found = await find(user);
          if (found === null || found.deleted || found.team_id !== workspace.team) return false;
          return found.is_admin === true || found.is_owner === true;
        },
        groups: () => userGroups.of(user),
      };
    },
  };
}
