import type { GuildNames } from '../access/guild-names.ts';
import type { Guilds } from '../access/guilds.ts';
import type { GuildId } from '../ports/actor.ts';
import type { Tier } from '../ports/tiers.ts';
import { sumOf, type UsageRow, type UsageSum } from './report.ts';

/** A guild that the bot is in, that holds something, or that used something recently. */
export interface ListedGuild extends UsageSum {
  readonly guild: GuildId;
  /** Null if no process has reported it yet. */
  readonly name: string | null;
  readonly tier: Tier;
  /** ISO date of the last use; null if there was none in the days that were read. */
  readonly lastDay: string | null;
}

/**
 * Lists guilds with their use, most expensive first; equally expensive ones by requests.
 *
 * @param rows of all guilds, newest day first
 */
export async function listGuilds(
  { guilds, names }: { readonly guilds: Pick<Guilds, 'access' | 'holding'>; readonly names: GuildNames },
  rows: readonly UsageRow[],
): Promise<ListedGuild[]> {
  const used = Map.groupBy(rows, ({ guild }) => guild);
  const ids = new Set<GuildId>([...used.keys(), ...(await guilds.holding())]);
  for await (const id of names.guilds()) ids.add(id);
  const known = await names.of(ids);
  const listed = await Promise.all(
    [...ids].map(async (guild) => ({
      guild,
      name: known.get(guild) ?? null,
      tier: (await guilds.access(guild)).tier,
      ...sumOf(used.get(guild) ?? []),
      lastDay: used.get(guild)?.[0]?.day ?? null,
    })),
  );
  return listed.toSorted(
    (a, b) => b.costNanoUsd - a.costNanoUsd || b.requests - a.requests || a.guild.localeCompare(b.guild),
  );
}
