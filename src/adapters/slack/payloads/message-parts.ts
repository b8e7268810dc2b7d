import { z } from 'zod';
import { asArray, asObject, asText } from '../../../core/kit/json.ts';
import {
  type BroughtPart,
  type FilePart,
  type ForwardedPart,
  filePart,
  type QuotedPart,
} from '../../../core/ports/parts.ts';
import { userOf } from '../api/places.ts';
import type { Workspace } from '../api/workspace.ts';
import type { Directory } from '../people/directory.ts';
import { readText } from '../text/inbound-text.ts';

/** The location of a file, for `Adapter.readFile`. */
export const fileReference = z.object({ id: z.string(), url: z.string().nullable() });

const fileSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  title: z.string().nullish(),
  mimetype: z.string().nullish(),
  size: z.number().nullish(),
  mode: z.string().nullish(),
  url_private_download: z.string().nullish(),
  url_private: z.string().nullish(),
});

const attachmentSchema = z.looseObject({
  is_share: z.boolean().optional(),
  is_msg_unfurl: z.boolean().optional(),
  from_url: z.string().nullish(),
  author_id: z.string().nullish(),
  author_name: z.string().nullish(),
  pretext: z.string().nullish(),
  title: z.string().nullish(),
  text: z.string().nullish(),
  fallback: z.string().nullish(),
  footer: z.string().nullish(),
  fields: z.array(z.object({ title: z.string().default(''), value: z.string().default('') })).nullish(),
  blocks: z.array(z.unknown()).nullish(),
  files: z.array(fileSchema).nullish(),
});

/** A message's content in events, shortcuts and histories. An invalid part is dropped without affecting others. */
export const messageContent = z.object({
  text: z.string().default(''),
  blocks: z.array(z.unknown()).optional().catch(undefined),
  attachments: z.array(attachmentSchema).optional().catch(undefined),
  files: z.array(fileSchema).optional().catch(undefined),
});
type MessageContent = z.infer<typeof messageContent>;

export const quotedMessage = messageContent.extend({
  ts: z.string(),
  thread_ts: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().nullish(),
  username: z.string().optional(),
});
export type QuotedMessage = z.infer<typeof quotedMessage>;

/** The services and names that reading a message needs. */
export interface PartsReader {
  readonly workspace: Workspace;
  readonly directory: Pick<Directory, 'name'>;
}

/** The files of a message to the bot, and the messages forwarded with it. */
export async function attachedTo(
  content: MessageContent,
  { workspace, directory }: PartsReader,
): Promise<BroughtPart[]> {
  const forwards = (content.attachments ?? []).filter(
    ({ is_share, is_msg_unfurl }) => is_share || is_msg_unfurl,
  );
  const forwarded = forwards.map(async (attachment): Promise<ForwardedPart> => {
    const { author_id, author_name } = attachment;
    const user = author_id ? userOf(workspace.team, author_id) : null;
    return {
      type: 'forwarded',
      author: author_name ? { user, name: author_name } : null,
      text: await readText(attachmentText(attachment), workspace.botUser, directory),
      files: filesOf(attachment.files),
    };
  });
  return [...filesOf(content.files), ...(await Promise.all(forwarded))];
}

/** A person's message as part of a question, with everything it shows. */
export async function quotedPart(
  message: QuotedMessage,
  why: QuotedPart['why'],
  { workspace, directory }: PartsReader,
): Promise<QuotedPart> {
  const { user, username, attachments = [] } = message;
  const shown = [shownText(message), ...attachments.map(attachmentText)].filter((text) => text.trim() !== '');
  const name = (user === undefined ? null : await directory.name(user)) ?? username ?? null;
  return {
    type: 'quoted',
    why,
    author: name === null ? null : { user: user === undefined ? null : userOf(workspace.team, user), name },
    text: await readText(shown.join('\n\n'), workspace.botUser, directory),
    files: [...filesOf(message.files), ...attachments.flatMap(({ files }) => filesOf(files))],
  };
}

/** The files of a form's input, in Slack's form. An invalid one is dropped without affecting others. */
export function uploadedFiles(files: unknown): FilePart[] {
  return filesOf(asArray(files).flatMap((file) => fileSchema.safeParse(file).data ?? []));
}

/** Deleted files, and files too old for a free workspace, have no address and cannot be read. */
function filesOf(files: MessageContent['files'] | null = []): FilePart[] {
  return (files ?? [])
    .filter(({ mode }) => mode !== 'tombstone' && mode !== 'hidden_by_limit')
    .map(({ id, name, title, mimetype, size, url_private_download, url_private }) => {
      const reference: z.infer<typeof fileReference> = {
        id,
        url: url_private_download ?? url_private ?? null,
      };
      return filePart({
        name: name || title || id,
        mediaType: mimetype || 'application/octet-stream',
        sizeBytes: size ?? null,
        reference: JSON.stringify(reference),
      });
    });
}

/** Notifications show `text`; apps often leave it empty, or shorter than their blocks. */
function shownText({ text, blocks = [] }: MessageContent): string {
  const inBlocks = blocksText(blocks);
  return inBlocks.length > text.length ? inBlocks : text;
}

function attachmentText(attachment: z.infer<typeof attachmentSchema>): string {
  const { author_name, pretext, title, text, fields, footer, fallback, blocks } = attachment;
  const lines = [
    pretext,
    attachment.is_share ? null : author_name,
    title,
    text,
    ...(fields ?? []).map((field) => `${field.title}: ${field.value}`),
    blocksText(blocks ?? []),
    footer,
  ].filter((line) => line);
  return lines.length === 0 ? (fallback ?? '') : lines.join('\n');
}

function blocksText(blocks: readonly unknown[]): string {
  return blocks
    .map((block) => blockText(block))
    .filter((text) => text.trim() !== '')
    .join('\n');
}

/** Deep enough for a list in a quote in a table; deeper ones are not real messages. */
const MAX_DEPTH = 8;

/** All text in a block of any type: Slack adds types, but all keep their text in the same few fields. */
function blockText(value: unknown, depth = 0): string {
  const block = asObject(value);
  if (block === null || depth > MAX_DEPTH) return '';
  const inner = (field: string, joint: string) =>
    asArray(block[field])
      .map((element) => blockText(element, depth + 1))
      .filter((text) => text !== '')
      .join(joint);
  switch (block['type']) {
    case 'user':
      return `<@${asText(block['user_id']) ?? ''}>`;
    case 'usergroup':
      return `<!subteam^${asText(block['usergroup_id']) ?? ''}>`;
    case 'channel':
      return `<#${asText(block['channel_id']) ?? ''}>`;
    case 'emoji':
      return `:${asText(block['name']) ?? ''}:`;
    case 'link': {
      const [url, text] = [asText(block['url']) ?? '', asText(block['text'])];
      return text === null ? `<${url}>` : `<${url}|${text}>`;
    }
    case 'actions':
      return '';
    case 'rich_text_section':
    case 'rich_text_quote':
    case 'rich_text_preformatted':
      return inner('elements', '');
  }
  const text = block['text'];
  const own = typeof text === 'string' ? text : blockText(text, depth + 1);
  return [own, asText(block['alt_text']), inner('fields', '\n'), inner('elements', '\n'), inner('rows', '\n')]
    .filter((piece) => piece)
    .join('\n');
}
