import { z } from 'zod';
import { createCache } from '../api/cache.ts';
import { isRefusal } from '../api/errors.ts';
import type { LookUpMeans } from '../api/look-ups.ts';

const listSchema = z.object({
  usergroups: z.array(
    z.object({ id: z.string(), handle: z.string().optional(), users: z.array(z.string()).default([]) }),
  ),
});
type Group = z.infer<typeof listSchema>['usergroups'][number];

/** A change of membership counts after at most this time. */
const TTL_MS = 5 * 60_000;
/** The pause after a fault: at 20 calls a minute not every question can ask. */
const ASK_AGAIN_MS = 30_000;

/** The workspace's user groups. Caches the list for five minutes. After a fault, asks again after 30 s at the earliest. */
export function createUserGroups({ workspace, clock, log, signal }: LookUpMeans) {
  const lists = createCache<readonly Group[]>(clock, TTL_MS);
  let askAgainAtMs = 0;

  async function load(): Promise<readonly Group[]> {
    try {
      return listSchema.parse(await workspace.call('usergroups.list', { include_users: true }, signal))
        .usergroups;
    } catch (error) {
      // Plans without user groups have no members in any.
      if (isRefusal(error, 'plan_upgrade_required')) return [];
      throw error;
    }
  }

  async function list(): Promise<readonly Group[] | null> {
    if (clock.now() < askAgainAtMs) return null;
    try {
      return await lists.get(workspace.team, load);
    } catch (error) {
      askAgainAtMs = clock.now() + ASK_AGAIN_MS;
      log.warn(
        { err: error },
        'could not list the user groups, so the limits of all groups apply to everybody',
      );
      return null;
    }
  }

  return {
    /** A group's handle, as written after an @; null if Slack does not say. Never rejects. */
    async handleOf(group: string): Promise<string | null> {
      return (await list())?.find(({ id }) => id === group)?.handle ?? null;
    },
    /** Ids of a person's groups; null if Slack does not say. Never rejects. */
    async of(user: string): Promise<readonly string[] | null> {
      const groups = await list();
      return groups === null ? null : groups.filter(({ users }) => users.includes(user)).map(({ id }) => id);
    },
  };
}
