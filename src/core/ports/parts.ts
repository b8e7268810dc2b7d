import { z } from 'zod';

/** Media types that models see as pictures. Other files are read as text if possible. */
const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif']);

const fileSchema = z.object({
  type: z.enum(['image', 'file']),
  name: z.string(),
  mediaType: z.string(),
  /** Null if the platform does not say. */
  sizeBytes: z.number().nullable(),
  /** Serialised location for `Adapter.readFile`. Opaque to core, holds no credentials, stored as is. */
  reference: z.string(),
  /** The text that core read from it. Left out until it is read, and for pictures. */
  text: z.string().exactOptional(),
  /** A sentence for asker and model on what was not read, and why. Left out if all was. */
  unread: z.string().exactOptional(),
});

const writtenByOthers = {
  /** Null if the platform does not name the author. `user` is the platform's id, by which `/forget` finds it. */
  author: z.object({ user: z.string().nullable(), name: z.string() }).nullable(),
  text: z.string(),
  files: z.array(fileSchema),
};

const quotedSchema = z.object({
  type: z.literal('quoted'),
  /** `reply`: the question replies to it. `thread`: said before in the thread. `pointed`: the question is about it. */
  why: z.enum(['reply', 'thread', 'pointed']),
  ...writtenByOthers,
});
const forwardedSchema = z.object({ type: z.literal('forwarded'), ...writtenByOthers });

/** Things that come with a question beside its own words, stored with the turn. */
export const broughtSchema = z.discriminatedUnion('type', [fileSchema, quotedSchema, forwardedSchema]);

/** A file or picture, by reference. */
export type FilePart = z.infer<typeof fileSchema>;
/** Another message that the question refers to. */
export type QuotedPart = z.infer<typeof quotedSchema>;
export type ForwardedPart = z.infer<typeof forwardedSchema>;
export type BroughtPart = z.infer<typeof broughtSchema>;
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** One piece of a message. A message is a list of them, in order. */
export type Part = TextPart | BroughtPart;

/** A file from an adapter: a picture if models can see its type, else a file to read. */
export function filePart(file: Omit<FilePart, 'type' | 'text' | 'unread'>): FilePart {
  const mediaType = file.mediaType.split(';')[0]?.trim().toLowerCase() ?? '';
  return { ...file, mediaType, type: IMAGE_TYPES.has(mediaType) ? 'image' : 'file' };
}

/** The person's own words, trimmed. */
export function wordsIn(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
    .trim();
}

/** Everything but the person's own words. */
export function broughtIn(parts: readonly Part[]): BroughtPart[] {
  return parts.filter((part) => part.type !== 'text');
}

/** All files, including those of quoted and forwarded messages. */
export function filesIn(parts: readonly Part[]): FilePart[] {
  return parts.flatMap((part) => {
    if (part.type === 'text') return [];
    return 'files' in part ? part.files : [part];
  });
}

/** Whether the part was said in the thread before the question. */
export function isFromThread(part: BroughtPart): part is QuotedPart {
  return part.type === 'quoted' && part.why === 'thread';
}

/** Whether the part was written by this user (the platform's id). */
export function isBy(part: BroughtPart, user: string): boolean {
  return 'files' in part && part.author?.user === user;
}

/** Every text: the person's own words, others' words that came with them, and text read from files. */
export function textsIn(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => {
    const files = 'files' in part ? textsIn(part.files) : [];
    return part.text === undefined ? files : [part.text, ...files];
  });
}
