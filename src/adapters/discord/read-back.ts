import { Routes } from 'discord.js';
import { z } from 'zod';
import { DiscordRefusal } from './errors.ts';
import type { DiscordRest } from './rest.ts';

const messagesSchema = z.array(
  z.object({
    id: z.string(),
    content: z.string(),
    author: z.object({ id: z.string() }),
    interaction_metadata: z.object({ id: z.string() }).optional(),
  }),
);

export type SentMessage = z.infer<typeof messagesSchema>[number];

/** Discord's most for one page. What was sent a moment ago is never further back. */
const LOOK_BACK = 100;

/**
 * Looks for a message that a send of unclear outcome may have made; null where there is none, or where the bot may
 * not look.
 */
export async function findSent(
  rest: DiscordRest,
  channelId: string,
  matches: (message: SentMessage) => boolean,
  signal: AbortSignal,
): Promise<string | null> {
  const path = `${Routes.channelMessages(channelId)}?limit=${LOOK_BACK}`;
  try {
    const messages = messagesSchema.parse(await rest.request({ method: 'GET', path }, signal));
    return messages.find(matches)?.id ?? null;
  } catch (error) {
    if (error instanceof DiscordRefusal) return null;
    throw error;
  }
}
