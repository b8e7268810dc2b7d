import { randomBytes } from 'node:crypto';
import type { Client, Guild } from 'discord.js';
import { ignoring } from '../../../core/kit/or-log.ts';
import { plainName } from '../../../core/kit/text/text.ts';
import type { GuildId } from '../../../core/ports/actor.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import type { Notice } from '../../../core/ports/surface.ts';
import { guildOfOne } from '../gateway/places.ts';
import type { DiscordRest } from '../rest/rest.ts';
import type { DiscordContext } from './context.ts';
import { openDirectMessages, postNotice } from './post-notice.ts';

/** Sends one person a direct message; false if they do not accept the bot's. */
export function tellPerson(
  rest: DiscordRest,
  user: string,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  return tellIn(rest, openDirectMessages(rest, user, signal), notice, signal);
}

/**
 * Sends the guild's owner a direct message, or posts in the guild's system channel if that fails. In a guild of one, tells
 * that person. False if neither works, or if another process has the guild's shard.
 */
export async function tellAdmins(
  { client, rest }: { readonly client: Client; readonly rest: DiscordRest },
  guild: GuildId,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  const id = guild.slice(guild.lastIndexOf(':') + 1);
  if (guild === guildOfOne(id)) return tellPerson(rest, id, notice, signal);
  const found = client.guilds.cache.get(id);
  if (found === undefined) return false;
  const { ownerId, systemChannelId } = found;
  if (await tellPerson(rest, ownerId, notice, signal)) return true;
  return systemChannelId !== null && tellIn(rest, systemChannelId, notice, signal);
}

/** Lets the bot introduce itself to a guild's owner; core decides whether it has done so before. */
export function introducing(
  client: Client,
  { rest, clock, tasks }: Pick<DiscordContext, 'rest' | 'clock' | 'tasks'>,
  dispatch: Pick<Dispatch, 'joined'>,
): (guild: Guild) => void {
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

/** False if the channel is gone, or the bot may not write there. */
async function tellIn(
  rest: DiscordRest,
  channel: string | Promise<string>,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  const nonce = randomBytes(12).toString('base64url');
  const post = async () => {
    await postNotice(rest, await channel, { ...notice, nonce }, signal);
    return true;
  };
  return (await post().catch(ignoring((error) => error instanceof PlaceGone))) ?? false;
}
