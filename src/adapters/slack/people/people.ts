import { z } from 'zod';
import { createLookUps, type LookUpMeans, type LookUps } from '../api/look-ups.ts';
import type { Json } from '../api/web-api.ts';

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
export type User = z.infer<typeof userSchema>;

const pageSchema = z.object({ members: z.array(z.unknown()) });
const listedSchema = userSchema.extend({ id: z.string() });

/** Somebody who is no longer an admin keeps the role for at most this long. */
const TTL_MS = 5 * 60_000;
/** The most that Slack lists in one call: docs.slack.dev/apis/web-api/pagination. */
const PAGE = 999;

/** Whether a person belongs to the workspace; others come from elsewhere into a shared channel. */
export function belongsTo(team: string, { team_id, enterprise_user }: User): boolean {
  return team_id === team || (enterprise_user?.teams ?? []).includes(team);
}

/** People by id, each cached for five minutes. */
export function createPeople(means: LookUpMeans): LookUps<User> {
  /** Somebody whom the list does not show as a member is looked up alone: lists may leave out their organisation. */
  function membersIn(page: Json): (readonly [string, User])[] {
    return pageSchema.parse(page).members.flatMap((raw) => {
      const listed = listedSchema.safeParse(raw).data;
      return listed !== undefined && belongsTo(means.workspace.team, listed)
        ? [[listed.id, listed] as const]
        : [];
    });
  }

  return createLookUps<User>(means, {
    ttlMs: TTL_MS,
    one: {
      method: 'users.info',
      args: (user) => ({ user }),
      read: (data) => userSchema.parse(data['user']),
    },
    many: { method: 'users.list', args: { limit: PAGE }, read: membersIn },
  });
}
