import { guildsOf } from '../app/core-options.ts';
import { listGuilds } from '../core/ledger/guild-list.ts';
import { usdOrNothing } from '../core/ledger/limit-words.ts';
import { type CliCommand, daysIn, refuseMore } from './command.ts';
import { table } from './table.ts';
import { USAGE_DAYS, useOf } from './usage.ts';

/** Lists guilds with name, tier and use: those that the bot is in, that hold something, or that used the bot recently. */
export const guilds: CliCommand = {
  name: 'guilds',
  summary: 'List the guilds that the bot is in: tier, use, cost',
  usage: [`guilds [--days <number, ${USAGE_DAYS} by default>]`],
  options: { days: { type: 'string' } },

  async run({ positionals, values }, context) {
    refuseMore(positionals);
    const days = daysIn(values, USAGE_DAYS);
    const { rows } = await useOf(context, days, null);
    const sorted = await listGuilds({ guilds: guildsOf(context), names: context.names }, rows);
    const lines = sorted.map(({ guild, name, tier, requests, costNanoUsd, lastDay }) => [
      guild,
      name ?? '',
      tier,
      requests,
      usdOrNothing(costNanoUsd),
      lastDay ?? '-',
    ]);
    const headings = ['Guild', 'Name', 'Tier', `Requests, ${days} days`, 'Cost', 'Last used'];
    return { text: table(headings, lines, 'The bot is not in any guild yet.'), json: sorted };
  },
};
