import {
  type AccessLists,
  entriesOf,
  listedInWords,
  listNamed,
  MAX_LISTED,
  readListed,
} from '../core/access/lists.ts';
import type { GuildId } from '../core/ports/actor.ts';
import { StartError } from '../core/ports/adapter.ts';
import { actionIn, type CliCommand, type CliOutput, guildIn, UsageError } from './command.ts';
import { recordsOf } from './services.ts';
import { table } from './table.ts';

const WHOSE = ['user', 'role', 'channel'] as const;

/** Shows who may use the bot in a guild and in which channels, and changes it, as `/access` does. */
export const access: CliCommand = {
  name: 'access',
  summary: 'Show and change who may use the bot in a guild, and in which channels',
  usage: [
    'access show <guild>',
    'access <allow|deny|neither> <guild> <--user <id> | --role <id> | --channel <id>>',
  ],
  options: { user: { type: 'string' }, role: { type: 'string' }, channel: { type: 'string' } },

  async run(args, context) {
    const [action, given] = args.words(2);
    const to = listNamed(actionIn('access', ['show', 'allow', 'deny', 'neither'], action));
    const guild = guildIn(given);
    const { settings } = recordsOf(context);
    if (to === undefined) {
      args.refuse(...WHOSE);
      return show(guild, await settings.lists(guild));
    }
    const [user, role, channel] = WHOSE.map((name) => args.text(name));
    const listed = readListed(guild, { user, role, channel }, null);
    if (typeof listed === 'string') throw new UsageError(listed.replaceAll(/`(\w+)`/g, '--$1'));
    if (!(await settings.changeAccess({ guild, ...listed, to, by: context.by }))) {
      throw new StartError(
        `The list is full: it takes ${MAX_LISTED} entries of each kind.`,
        'Remove an entry first.',
      );
    }
    return show(guild, await settings.lists(guild));
  },
};

function show(guild: GuildId, lists: AccessLists): CliOutput {
  const rows = entriesOf(lists).map((entry) => [entry.list, listedInWords(guild, entry)]);
  return {
    text: table(
      ['List', 'Person, role or channel'],
      rows,
      `Everybody in ${guild} may use the bot, in all channels.`,
    ),
    json: { guild, lists },
  };
}
