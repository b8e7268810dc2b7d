import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { messageKey } from '../api/places.ts';

const rootSchema = z.discriminatedUnion('kind', [
  /** Under a person's message, or in its channel. */
  z.object({
    kind: z.literal('standing'),
    /** The message with the sign that the question was seen. */
    questionTs: z.string().nullable(),
    threadTs: z.string().nullable(),
  }),
  /** Under a message that shows the question and is yet to be posted. */
  z.object({
    kind: z.literal('posted'),
    /** `new`: the question begins the answer's thread. `none`: no thread. */
    thread: z.union([z.literal('new'), z.literal('none'), z.object({ ts: z.string() })]),
    asker: z.string(),
    question: z.string(),
    /**
     * Finds the question if it was posted and nobody stored that: the post's id, and a time before it in milliseconds since
     * the epoch. Missing in references of earlier versions.
     */
    post: z.object({ id: z.string(), sinceMs: z.number() }).exactOptional(),
  }),
]);

const placeSchema = z.object({
  channel: z.string(),
  user: z.string(),
  /** Whether the channel is the asker's DM with the bot. */
  isDirect: z.boolean(),
  /** Whether the answer is private although it was asked elsewhere. */
  isPrivate: z.boolean(),
  /** The channel where it was asked; private messages to the asker go there. */
  askedIn: z.string(),
  root: rootSchema,
  /** A further key that the answer ties to its conversation, besides its own. Another process may know more values. */
  ties: z.literal('thread').nullable().catch(null),
  /** The message that was begun as a native stream; nothing else identifies it as part of the answer. */
  streamTs: z.string().nullable(),
});

/** The place of an answer as data: everything that another process needs to find it. */
export type AnswerPlace = z.infer<typeof placeSchema>;
export type RootPlace = AnswerPlace['root'];

/** The place of an answer at the question: `standing` is the question's message, `threadTs` its thread, if any. */
export function placeUnder(
  at: Pick<AnswerPlace, 'channel' | 'user' | 'isDirect'>,
  questionTs: string | null,
  threadTs: string | null,
): AnswerPlace {
  const root = { kind: 'standing', questionTs, threadTs } as const;
  return { ...at, root, isPrivate: false, askedIn: at.channel, ties: null, streamTs: null };
}

/** Null if the reference is not this adapter's. */
export function readPlace(reference: string): AnswerPlace | null {
  try {
    return placeSchema.parse(parseJson(reference));
  } catch {
    return null;
  }
}

/** `Place.key` of the thread that an answer ties to its conversation; null if none. */
export function threadKeyOf(
  team: string,
  { channel, ties }: Pick<AnswerPlace, 'channel' | 'ties'>,
  threadTs: string | null,
): string | null {
  return ties === null || threadTs === null ? null : messageKey(team, channel, threadTs);
}
