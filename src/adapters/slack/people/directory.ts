import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Actor } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';
import { createCache } from '../api/cache.ts';
import { guildOf, userOf } from '../api/places.ts';
import type { Workspace } from '../api/workspace.ts';
import { createUserGroups } from './user-groups.ts';

/** Who people are, by `users.info`, and which groups they are in. */
export interface Directory {
  /** Somebody of the workspace, or from elsewhere in a shared channel. Never rejects. */
  actor(user: string): Promise<Actor>;
  /** Display name of a person, handle of a user group, name of a public channel, by its id; null if Slack does not say. */
  name(user: string): Promise<string | null>;
  /** The place with the name of its channel, for somebody who is in it; without one if Slack does not say. Never rejects. */
  named(place: Place, channel: string): Promise<Place>;
}

const userSchema = z.object({
  team_id: z.string().optional(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  /** In an organisation, all workspaces that the person is in. */
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

/** What the ids of channels begin with; those of direct messages do not. */
const CHANNEL = /^[CG]/;

/** Who stops being an admin may not stay one here for longer. */
const TTL_MS = 5 * 60_000;

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
      log.warn({ err: error, user }, 'a user could not be looked up');
      return null;
    }
  }

  async function channelOf(channel: string): Promise<Channel> {
    try {
      return await channels.get(channel, async () =>
        channelSchema.parse((await workspace.call('conversations.info', { channel }, signal))['channel']),
      );
    } catch (error) {
      log.info({ err: error, channel }, 'a channel could not be looked up');
      return {};
    }
  }

  async function name(id: string): Promise<string | null> {
    if (id.startsWith('S')) return userGroups.handleOf(id);
    if (!CHANNEL.test(id)) return userName(id);
    const { name, is_private } = await channelOf(id);
    // Whoever is not in a private channel learns nothing of it by its id.
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
      // Slack makes up the names of group messages.
      return name === undefined || is_mpim === true ? place : { ...place, channelName: name };
    },
    async actor(user) {
      const known = await find(user);
      const teams = [known?.team_id, ...(known?.enterprise_user?.teams ?? [])];
      return {
        // In doubt, nothing is opened.
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
