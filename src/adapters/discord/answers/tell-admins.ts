import { randomBytes } from 'node:crypto';
import type { Client } from 'discord.js';
import type { GuildId } from '../../../core/ports/actor.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Notice } from '../../../core/ports/surface.ts';
import { guildOfOne } from '../gateway/places.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { openDirectMessages, postNotice } from './post-notice.ts';

/** Sends one person a direct message; false if they do not accept the bot's. */
export async function tellPerson(
  rest: DiscordRest,
  user: string,
  notice: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const channel = await openDirectMessages(rest, user, signal);
    await postNotice(rest, channel, { ...notice, nonce: randomBytes(12).toString('base64url') }, signal);
    return true;
  } catch (error) {
    if (!(error instanceof PlaceGone)) throw error;
    return false;
  }
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
  const found =
    guild === guildOfOne(id) ? { ownerId: id, systemChannelId: null } : client.guilds.cache.get(id);
  if (found === undefined) return false;
  const { ownerId, systemChannelId } = found;
  const places = [() => openDirectMessages(rest, ownerId, signal), async () => systemChannelId];
  for (const open of places) {
    try {
      const channel = await open();
      if (channel === null) continue;
      await postNotice(rest, channel, { ...notice, nonce: randomBytes(12).toString('base64url') }, signal);
      return true;
    } catch (error) {
      if (!(error instanceof PlaceGone)) throw error;
    }
  }
  return false;
}
