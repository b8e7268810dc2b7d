import { entryInWords, newestChanges } from '../core/access/audit.ts';
import { type CliCommand, guildOrAll, UsageError } from './command.ts';

const SHOWN = 50;

/** Shows the changes to guilds, newest first. */
export const audit: CliCommand = {
  name: 'audit',
  summary: 'Show who changed what, newest first',
  usage: [`audit [<guild>] [--limit <entries, ${SHOWN} by default>]`],
  options: { limit: { type: 'string' } },

  async run(args, { audit }) {
    const [guild] = args.words(1);
    const limit = args.text('limit') ?? String(SHOWN);
    if (!/^[1-9]\d{0,8}$/.test(limit)) throw new UsageError('--limit must be a whole number of at least 1.');
    const entries = await newestChanges(audit, guildOrAll(guild), Number(limit));
    return { text: entries.map(entryInWords).join('\n') || 'No changes yet.', json: entries };
  },
};
