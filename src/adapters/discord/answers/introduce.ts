import type { Client, Guild } from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Tasks } from '../../../core/kit/tasks.ts';
import { plainName } from '../../../core/kit/text.ts';
import type { GuildId } from '../../../core/ports/actor.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { tellAdmins } from './tell-admins.ts';

/** Lets the bot introduce itself to a guild's owner; core decides whether it has done so before. */
export function introducing(
  client: Client,
  parts: {
    readonly rest: DiscordRest;
    readonly dispatch: Pick<Dispatch, 'joined'>;
    readonly clock: Clock;
    readonly tasks: Tasks;
  },
): (guild: Guild) => void {
  const { rest, dispatch, clock, tasks } = parts;
  return ({ id, name, joinedTimestamp }) => {
    const guild: GuildId = `discord:${id}`;
    tasks.run('introduce the bot to a guild', () =>
      dispatch.joined({
        guild,
        id: guild,
        atMs: joinedTimestamp || clock.now(),
        where: `to **${plainName(name) || 'your server'}**`,
        introduce: (notice, signal) => tellAdmins({ client, rest }, guild, notice, signal),
      }),
    );
  };
}
