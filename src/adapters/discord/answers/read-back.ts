import { Routes } from 'discord.js';
import { z } from 'zod';
import type { Button } from '../../../core/ports/buttons.ts';
import { asDeliveryError, isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { parseButton } from './content.ts';
import { delivered } from './message-writers.ts';

export const sentMessage = z.object({
  id: z.string(),
  content: z.string(),
  flags: z.int().default(0),
  author: z.object({ id: z.string() }),
  interaction_metadata: z.object({ id: z.string() }).optional(),
  message_reference: z.object({ message_id: z.string().optional() }).nullish(),
  components: z
    .array(z.object({ components: z.array(z.object({ custom_id: z.string().optional() })).default([]) }))
    .default([]),
});

/** A message as Discord has it. */
export type SentMessage = z.infer<typeof sentMessage>;

/** Our buttons on a message. */
export function buttonsOf({ components }: SentMessage): Button[] {
  return components.flatMap((row) =>
    row.components.flatMap(({ custom_id }) => parseButton(custom_id ?? '') ?? []),
  );
}

/** Discord's largest page. Of the messages after a given one it returns the nearest, newest first. */
const LOOK_AHEAD = 100;

/** The result of `findMessage` if the bot may not read the channel's history. */
export const UNREAD = 'unread';

/**
 * The newest matching message of a channel among the 100 after a given one; null if there is none.
 *
 * @throws PlaceGone if the channel is gone
 */
export async function findMessage(
  rest: DiscordRest,
  { channelId, afterId }: { readonly channelId: string; readonly afterId: string },
  matches: (message: SentMessage) => boolean,
  signal: AbortSignal,
): Promise<SentMessage | typeof UNREAD | null> {
  const path = `${Routes.channelMessages(channelId)}?after=${afterId}&limit=${LOOK_AHEAD}`;
  try {
    const messages = z.array(sentMessage).parse(await rest.request({ method: 'GET', path }, signal));
    return messages.find(matches) ?? null;
  } catch (error) {
    if (isForbidden(error)) return UNREAD;
    throw asDeliveryError(error);
  }
}

/** The id just before a message's, so that `findMessage` can find that message too. */
export function before(messageId: string): string {
  return String(BigInt(messageId) - 1n);
}

/**
 * Reads a message of an interaction through its webhook.
 * @throws PlaceGone
 */
export async function readThroughWebhook(
  rest: DiscordRest,
  { applicationId, token }: { readonly applicationId: string; readonly token: string },
  messageId: string,
  signal: AbortSignal,
): Promise<SentMessage> {
  const path = Routes.webhookMessage(applicationId, token, messageId);
  return sentMessage.parse(await delivered(() => rest.request({ method: 'GET', path }, signal)));
}
