import { Routes } from 'discord.js';
import { z } from 'zod';
import type { NoticeFile } from '../../../core/ports/surface.ts';
import { type DiscordRest, insisting } from '../rest/rest.ts';
import { type MessageBody, noticeBodies, withFilesOrWithout } from './content.ts';
import { ChannelWriter, delivered } from './message-writers.ts';

const channelSchema = z.object({ id: z.string() });

/**
 * Opens somebody's direct messages with the bot; resolves to the channel id.
 * @throws PlaceGone
 */
export async function openDirectMessages(
  rest: DiscordRest,
  userId: string,
  signal: AbortSignal,
): Promise<string> {
  const request = { method: 'POST', path: Routes.userChannels(), body: { recipient_id: userId } } as const;
  return channelSchema.parse(await delivered(() => rest.insist(request, signal))).id;
}

export interface PostOptions {
  readonly text: string;
  readonly files?: readonly NoticeFile[];
  readonly replyTo?: string;
  /** At most 22 characters, unique per notice, so that a part that is sent again does not appear twice. */
  readonly nonce: string;
}

/**
 * Posts a notice to a channel, in as many messages as needed.
 * @throws PlaceGone
 */
export async function postNotice(
  rest: DiscordRest,
  channelId: string,
  { text, files = [], replyTo, nonce }: PostOptions,
  signal: AbortSignal,
): Promise<void> {
  const writer = new ChannelWriter(insisting(rest), channelId);
  const bodies = noticeBodies(text);
  for (const [index, body] of bodies.entries()) {
    const part: MessageBody = {
      ...body,
      ...(index === 0 && replyTo !== undefined ? referenceTo(replyTo) : {}),
      nonce: `${nonce}.${index}`,
      enforce_nonce: true,
    };
    const last = index === bodies.length - 1 ? files : [];
    await withFilesOrWithout(part, last, (shown, sent) => writer.send(shown, sent, signal));
  }
}

/** Makes a message a reply, or an ordinary message if the other one is gone. */
export function referenceTo(messageId: string): Pick<MessageBody, 'message_reference'> {
  return { message_reference: { message_id: messageId, fail_if_not_exists: false } };
}
