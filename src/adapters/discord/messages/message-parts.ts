import type { Message, MessageSnapshot, User } from 'discord.js';
import { z } from 'zod';
import { plainName } from '../../../core/kit/text/text.ts';
import { type FilePart, type ForwardedPart, filePart, type QuotedPart } from '../../../core/ports/parts.ts';
import { type NameOf, withNames } from './names.ts';

/** The location of an attachment, for `Adapter.readFile`. */
export const fileReference = z.object({
  url: z.string(),
  /** The attachment's message, which gives a new address once the old one has expired; null for a command's option. */
  message: z.object({ channelId: z.string(), id: z.string() }).nullable(),
  attachmentId: z.string(),
});

const attachmentSchema = z.object({
  id: z.string(),
  filename: z.string(),
  content_type: z.string().nullish(),
  size: z.number(),
  url: z.string(),
});
export type ApiAttachment = z.infer<typeof attachmentSchema>;

const embedSchema = z.object({
  title: z.string().nullish(),
  description: z.string().nullish(),
  url: z.string().nullish(),
  author: z.object({ name: z.string() }).nullish(),
  footer: z.object({ text: z.string() }).nullish(),
  fields: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

const contentSchema = z.object({
  content: z.string().default(''),
  attachments: z.array(attachmentSchema).default([]),
  embeds: z.array(embedSchema).default([]),
});

const userSchema = z.object({ id: z.string(), username: z.string(), global_name: z.string().nullish() });

/** A message in the API's form, with the fields that are read. */
export const apiMessage = contentSchema.extend({
  id: z.string(),
  channel_id: z.string(),
  type: z.number().default(0),
  author: userSchema,
  member: z.object({ nick: z.string().nullish() }).nullish(),
  mentions: z.array(userSchema).default([]),
  message_snapshots: z.array(z.object({ message: contentSchema })).default([]),
});
export type ApiMessage = z.infer<typeof apiMessage>;

type Place = { readonly channelId: string; readonly id: string };

export function attachmentPart(attachment: ApiAttachment, message: Place | null): FilePart {
  const { id, filename, content_type, size, url } = attachment;
  const reference: z.infer<typeof fileReference> = { url, message, attachmentId: id };
  return filePart({
    name: filename,
    mediaType: content_type ?? 'application/octet-stream',
    sizeBytes: size,
    reference: JSON.stringify(reference),
  });
}

/** The files of a message, and the messages forwarded with it. */
export function attachedTo(
  message: Pick<ApiMessage, 'id' | 'channel_id' | 'attachments' | 'message_snapshots'>,
) {
  const place = { channelId: message.channel_id, id: message.id };
  const files = message.attachments.map((attachment) => attachmentPart(attachment, place));
  const forwarded = message.message_snapshots.map(
    ({ message: snapshot }): ForwardedPart => ({
      type: 'forwarded',
      author: null,
      // From another place, whose names are not known here.
      text: withNames(contentText(snapshot), () => ''),
      files: snapshot.attachments.map((attachment) => attachmentPart(attachment, place)),
    }),
  );
  return { files, forwarded };
}

/** A person's message as part of a question. Messages forwarded with it become part of its text. */
export function quotedPart(message: ApiMessage, why: QuotedPart['why'], nameOf: NameOf): QuotedPart {
  const { author, member, mentions } = message;
  const { files, forwarded } = attachedTo(message);
  const texts = [contentText(message), ...forwarded.map(({ text }) => text)];
  const named = withNames(texts.filter((text) => text !== '').join('\n\n'), (kind, id) => {
    const user = kind === '@' ? mentions.find((mentioned) => mentioned.id === id) : undefined;
    return user === undefined ? nameOf(kind, id) : plainName(user.global_name ?? user.username);
  });
  return {
    type: 'quoted',
    why,
    author: { user: author.id, name: member?.nick ?? author.global_name ?? author.username },
    text: named,
    files: [...files, ...forwarded.flatMap((part) => part.files)],
  };
}

/** A discord.js message in the API's form. */
export function asApiMessage(message: Message): ApiMessage {
  const { author, member } = message;
  return {
    ...contentOf(message),
    id: message.id,
    channel_id: message.channelId,
    type: message.type,
    author: userOf(author),
    member: member === null ? null : { nick: member.nickname },
    mentions: message.mentions.users.map(userOf),
    message_snapshots: message.messageSnapshots.map((snapshot) => ({ message: contentOf(snapshot) })),
  };
}

function userOf({ id, username, globalName }: User): z.infer<typeof userSchema> {
  return { id, username, global_name: globalName };
}

function contentOf({
  content,
  attachments,
  embeds,
}: Message | MessageSnapshot): z.infer<typeof contentSchema> {
  return contentSchema.parse({
    content: content ?? '',
    attachments: [...(attachments?.values() ?? [])].map(({ id, name, contentType, size, url }) => ({
      id,
      filename: name,
      content_type: contentType,
      size,
      url,
    })),
    embeds: (embeds ?? []).map(({ data }) => data),
  });
}

/** The text of a message and of its embeds, in which bots say most. */
function contentText({ content, embeds }: z.infer<typeof contentSchema>): string {
  const shown = embeds.map(({ author, title, url, description, fields, footer }) =>
    [
      author?.name,
      title,
      url,
      description,
      ...(fields ?? []).map(({ name, value }) => `${name}: ${value}`),
      footer?.text,
    ]
      .filter((line) => line)
      .join('\n'),
  );
  return [content, ...shown].filter((text) => text.trim() !== '').join('\n\n');
}
