import { z } from 'zod';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { GuildId } from '../../../core/ports/actor.ts';
import type { Notice } from '../../../core/ports/surface.ts';
import { createCache } from '../api/cache.ts';
import { pagesOf } from '../api/pages.ts';
import { guildOf } from '../api/places.ts';
import { SlackRefusal } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { userSchema } from '../people/directory.ts';
import { sayIn } from './tell-privately.ts';

/** Admins change rarely; a former admin may get messages for this long. */
const TTL_MS = 60 * 60_000;
/** Slack recommends at most 200 per page. */
const PAGE = 200;
/** In larger workspaces only the first people are checked, because of the limit of 20 calls a minute. */
const MAX_PAGES = 10;
/** Admins talk to each other; telling more of them would be spam. */
const MAX_TOLD = 5;

const memberSchema = userSchema
  .pick({ team_id: true, deleted: true, is_admin: true, is_owner: true })
  .extend({ id: z.string(), is_bot: z.boolean().optional() });
const pageSchema = z.object({ members: z.array(memberSchema) });
type Member = z.infer<typeof memberSchema>;

/** Tells owners and admins of the workspace, each in a direct message; owners first. */
export function createTellAdmins(workspace: Workspace, clock: Clock) {
  const admins = createCache<readonly string[]>(clock, TTL_MS);

  /** Outsiders in shared channels are admins of other workspaces. */
  const isAdmin = ({ team_id, deleted, is_bot, is_admin, is_owner }: Member) =>
    team_id === workspace.team && !deleted && !is_bot && (is_admin || is_owner);

  async function find(signal: AbortSignal): Promise<readonly string[]> {
    const args = { limit: PAGE, maxPages: MAX_PAGES };
    const pages = await Array.fromAsync(pagesOf(workspace, 'users.list', args, signal));
    return pages
      .flatMap((page) => pageSchema.parse(page).members.filter(isAdmin))
      .toSorted((a, b) => Number(b.is_owner ?? false) - Number(a.is_owner ?? false))
      .slice(0, MAX_TOLD)
      .map(({ id }) => id);
  }

  return async (guild: GuildId, notice: Notice, signal: AbortSignal): Promise<boolean> => {
    if (guild !== guildOf(workspace.team)) return false;
    let told = false;
    for (const user of await admins.get('admins', () => find(signal))) {
      if (await tellMember(workspace, user, notice, signal)) told = true;
    }
    return told;
  };
}

/** Tells one person of the workspace in a direct message; false for others, and if Slack refuses. */
export async function tellPerson(
  workspace: Workspace,
  person: string,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  const [team, user] = person.split('/');
  return team === workspace.team && user !== undefined && tellMember(workspace, user, notice, signal);
}

async function tellMember(
  workspace: Workspace,
  user: string,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const channel = await workspace.directChannel(user, signal);
    return await sayIn(workspace, { channel, user }, notice, signal);
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    return false;
  }
}
