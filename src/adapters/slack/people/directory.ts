import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Actor } from '../../../core/ports/actor.ts';
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
const channelSchema = z.object({ name: z.string().optional(), is_private: z.boolean().optional() });
type User = z.infer<typeof userSchema>;

/** Who stops being an admin may not stay one here for longer. */
const TTL_MS = 5 * 60_000;

export function createDirectory(
  workspace: Workspace,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Directory {
  const users = createCache<User>(clock, TTL_MS);
  const channels = createCache<string | null>(clock, TTL_MS);
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

  async function channelName(channel: string): Promise<string | null> {
    try {
      const data = await workspace.call('conversations.info', { channel }, signal);
      const { name, is_private } = channelSchema.parse(data['channel']);
      // Whoever is not in a private channel learns nothing of it by its id.
      return is_private === true ? null : (name ?? null);
    } catch (error) {
      log.info({ err: error, channel }, 'a channel could not be looked up');
      return null;
    }
  }

  async function name(id: string): Promise<string | null> {
    if (id.startsWith('S')) return userGroups.handleOf(id);
    if (/^[CG]/.test(id)) return channels.get(id, () => channelName(id));
    return userName(id);
  }

  async function userName(user: string): Promise<string | null> {
    const found = await find(user);
    const names = [found?.profile?.display_name, found?.profile?.real_name, found?.real_name, found?.name];
    return names.find((candidate) => candidate !== undefined && candidate.trim() !== '') ?? null;
  }

  return {
    name,
    async actor(user) {
      const known = await find(user);
      const teams = [known?.team_id, ...(known?.enterprise_user?.teams ?? [])];
      return {
        // What is in doubt opens nothing.
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
