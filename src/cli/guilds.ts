import { createGuildNames } from '../core/access/guild-names.ts';
import { usdOrNothing } from '../core/ledger/limit-words.ts';
import { sumOf } from '../core/ledger/report.ts';
import type { GuildId } from '../core/ports/actor.ts';
import { type CliCommand, daysIn, refuseMore } from './command.ts';
import { guildsOf } from './services.ts';
import { table } from './table.ts';
import { USAGE_DAYS, usedSince } from './usage.ts';

/** Lists the guilds that the bot is in, holds something of, or was used by lately: name, tier and use. */
export const guilds: CliCommand = {
  name: 'guilds',
  usage: [`guilds [--days <number, ${USAGE_DAYS} by default>]`],
  options: { days: { type: 'string' } },

  async run({ positionals, values }, context) {
    refuseMore(positionals);
    const days = daysIn(values, USAGE_DAYS);
    const { rows } = await usedSince(context, days, null);
    const used = Map.groupBy(rows, ({ guild }) => guild);
    const known = createGuildNames(context.store);
    const access = guildsOf(context);
    const ids = new Set<GuildId>([...used.keys(), ...(await access.holding())]);
    for await (const id of known.guilds()) ids.add(id);
    const names = await known.of([...ids]);
    const found = await Promise.all(
      [...ids].map(async (id) => {
        const sum = sumOf(used.get(id) ?? []);
        const lastDay = used.get(id)?.[0]?.day ?? null;
        return {
          guild: id,
          name: names.get(id) ?? null,
          tier: (await access.access(id)).tier,
          ...sum,
          lastDay,
        };
      }),
    );
    const sorted = found.toSorted(
      (a, b) => b.costNanoUsd - a.costNanoUsd || b.requests - a.requests || a.guild.localeCompare(b.guild),
    );
    const lines = sorted.map(({ guild, name, tier, requests, costNanoUsd, lastDay }) => [
      guild,
      name ?? '',
      tier,
      requests,
      usdOrNothing(costNanoUsd),
      lastDay ?? '-',
    ]);
    const headings = ['Guild', 'Name', 'Tier', `Requests, ${days} days`, 'Cost', 'Last used'];
    return {
      text: lines.length === 0 ? 'The bot is in no guild so far.' : table(headings, lines),
      json: sorted,
    };
  },
};
