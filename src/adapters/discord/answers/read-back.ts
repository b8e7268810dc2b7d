import { Routes } from 'discord.js';
import { z } from 'zod';
import type { Button } from '../../../core/ports/buttons.ts';
import { asDeliveryError, isForbidden } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { parseButton } from './content.ts';

const sentSchema = z.object({
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

/** A message as it stands on Discord. */
export type SentMessage = z.infer<typeof sentSchema>;

/** The buttons of ours that a message has. */
export function buttonsOf({ components }: SentMessage): Button[] {
  return components.flatMap((row) =>
    row.components.flatMap(({ custom_id }) => parseButton(custom_id ?? '') ?? []),
  );
}

/** Discord's most for one page. Of what follows a message it gives the nearest, the newest of these first. */
const LOOK_AHEAD = 100;

/** What `findMessage` resolves to where the bot may not look back. */
export const UNREAD = 'unread';

/**
 * The newest message of a channel that matches, among the 100 that follow another one; null where there is none.
 *
 * @throws PlaceGone where the channel is gone
 */
export async function findMessage(
  rest: DiscordRest,
  { channelId, afterId }: { readonly channelId: string; readonly afterId: string },
  matches: (message: SentMessage) => boolean,
  signal: AbortSignal,
): Promise<SentMessage | typeof UNREAD | null> {
  const path = `${Routes.channelMessages(channelId)}?after=${afterId}&limit=${LOOK_AHEAD}`;
  try {
    const messages = z.array(sentSchema).parse(await rest.request({ method: 'GET', path }, signal));
    return messages.find(matches) ?? null;
  } catch (error) {
    if (isForbidden(error)) return UNREAD;
    throw asDeliveryError(error);
  }
}

/** What is just before a message, for `findMessage` to find that too. */
export function before(messageId: string): string {
  return String(BigInt(messageId) - 1n);
}

/** A message of an interaction, through its webhook. @throws PlaceGone */
export async function readThroughWebhook(
  rest: DiscordRest,
  { applicationId, token }: { readonly applicationId: string; readonly token: string },
  messageId: string,
  signal: AbortSignal,
): Promise<SentMessage> {
  const path = Routes.webhookMessage(applicationId, token, messageId);
  try {
    return sentSchema.parse(await rest.request({ method: 'GET', path }, signal));
  } catch (error) {
    throw asDeliveryError(error);
  }
}
