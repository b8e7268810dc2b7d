import { ApplicationFlags, Routes } from 'discord.js';
import { z } from 'zod';
import { StartError } from '../../../core/ports/adapter.ts';
import { DiscordFault, DiscordRefusal } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { tokenRemedy } from './client.ts';

export type Application = Awaited<ReturnType<typeof readApplication>>;

const applicationSchema = z.object({
  id: z.string(),
  name: z.string(),
  flags: z.int().default(0),
  bot: z.object({ id: z.string() }),
});

/** Below 10,000 users an app has the intent as "limited", above that after a review. */
const MESSAGE_CONTENT =
  ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited;

/**
 * Asks Discord whose token this is, and whether the message-content intent is on in the developer portal.
 * @throws StartError if it is not valid, or if Discord does not answer
 */
export async function readApplication(rest: DiscordRest, signal: AbortSignal) {
  try {
    const answer = await rest.insist({ method: 'GET', path: Routes.currentApplication() }, signal);
    const { id, name, flags, bot } = applicationSchema.parse(answer);
    return { id, name, botId: bot.id, messageContent: (flags & MESSAGE_CONTENT) !== 0 };
  } catch (error) {
    if (error instanceof DiscordFault) {
      throw new StartError(
        'Discord cannot be reached.',
        'Check the network and DISCORD_API_URL; https://discordstatus.com lists outages.',
        { cause: error },
      );
    }
    if (!(error instanceof DiscordRefusal) || error.status !== 401) throw error;
    throw new StartError(
      'Discord does not accept DISCORD_TOKEN.',
      tokenRemedy('https://discord.com/developers/applications, choose the application, then "Bot"'),
      { cause: error },
    );
  }
}
