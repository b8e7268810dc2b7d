import { momentInWords } from '../core/access/until.ts';
import { usdOrNothing } from '../core/ledger/limit-words.ts';
import { listUnsettled, whatIsUnsettled, whyUnsettled } from '../core/ledger/unsettled.ts';
import { type CliCommand, guildOrAll, refuseMore } from './command.ts';
import { table } from './table.ts';

/** Shows requests whose cost is not booked, and the amounts reserved for them. */
export const unsettled: CliCommand = {
  name: 'unsettled',
  summary: 'Show requests whose price is not booked yet',
  usage: ['unsettled [<guild>]'],
  options: {},

  async run({ positionals: [given, ...extra] }, { store, names: guildNames, clock }) {
    refuseMore(extra);
    const guild = guildOrAll(given);
    const requests = await listUnsettled(store.ledger, guild, clock.now());
    const names = await guildNames.of(requests.map((request) => request.guild));
    const rows = requests.map((request) => [
      momentInWords(request.madeAtMs),
      names.get(request.guild) ?? request.guild,
      request.userName ?? request.user,
      whatIsUnsettled(request),
      request.model,
      usdOrNothing(request.nanoUsd),
      whyUnsettled(request),
    ]);
    const headings = ['Since', 'Guild', 'Person', 'What', 'Model', 'At most', 'Why'];
    return { text: table(headings, rows, 'Everything is settled.'), json: requests };
  },
};
