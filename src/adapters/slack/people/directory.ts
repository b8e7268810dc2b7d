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
  /** Display name; null where Slack does not say in time. */
  name(user: string): Promise<string | null>;
}

const userSchema = z.object({
  team_id: z.string().optional(),
  name: z.string().optional(),
  real_name: z.string().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  deleted: z.boolean().optional(),
  profile: z.object({ display_name: z.string().optional(), real_name: z.string().optional() }).optional(),
});
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

  async function name(user: string): Promise<string | null> {
    const found = await find(user);
    const names = [found?.profile?.display_name, found?.profile?.real_name, found?.real_name, found?.name];
    return names.find((candidate) => candidate !== undefined && candidate.trim() !== '') ?? null;
  }

  return {
    name,
    async actor(user) {
      return {
        guild: guildOf(workspace.team),
        user: userOf(workspace.team, user),
        name: (await name(user)) ?? 'Somebody',
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
