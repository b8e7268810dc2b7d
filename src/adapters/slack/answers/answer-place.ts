import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import { messageKey } from '../api/places.ts';

const rootSchema = z.discriminatedUnion('kind', [
  /** Under a message of a person's, or beside it. */
  z.object({
    kind: z.literal('standing'),
    /** The message that carries the sign that the question was seen. */
    questionTs: z.string().nullable(),
    threadTs: z.string().nullable(),
  }),
  /** Under a message that shows the question and is still to be posted. */
  z.object({
    kind: z.literal('posted'),
    /** `new`: the question begins the answer's thread. `none`: they stand below each other. */
    thread: z.union([z.literal('new'), z.literal('none'), z.object({ ts: z.string() })]),
    asker: z.string(),
    question: z.string(),
  }),
]);

const placeSchema = z.object({
  channel: z.string(),
  user: z.string(),
  /** Whether the channel is the asker's DM with the bot. */
  isDirect: z.boolean(),
  /** The answer is private although it was asked for elsewhere. */
  isPrivate: z.boolean(),
  /** Where it was asked, and so where words to the asker alone go. */
  askedIn: z.string(),
  root: rootSchema,
  /** What the answer ties to its conversation beside itself; another process may know more ways. */
  ties: z.literal('thread').nullable().catch(null),
  /** The message that was begun as a native stream, of which nothing else tells that it is the answer's. */
  streamTs: z.string().nullable(),
});

/** Where an answer goes, as data: all that another process needs to find it again. */
export type AnswerPlace = z.infer<typeof placeSchema>;
export type RootPlace = AnswerPlace['root'];

/** An answer where the question stands: `standing` is its message, `threadTs` the thread, if any. */
export function placeUnder(
  at: Pick<AnswerPlace, 'channel' | 'user' | 'isDirect'>,
  questionTs: string | null,
  threadTs: string | null,
): AnswerPlace {
  const root = { kind: 'standing', questionTs, threadTs } as const;
  return { ...at, root, isPrivate: false, askedIn: at.channel, ties: null, streamTs: null };
}

/** Null where it is none of this adapter's. */
export function readPlace(reference: string): AnswerPlace | null {
  try {
    return placeSchema.parse(parseJson(reference));
  } catch {
    return null;
  }
}

/** `Place.key` of the thread that an answer ties to its conversation; null if it ties none. */
export function threadKeyOf(
  team: string,
  { channel, ties }: Pick<AnswerPlace, 'channel' | 'ties'>,
  threadTs: string | null,
): string | null {
  return ties === null || threadTs === null ? null : messageKey(team, channel, threadTs);
}
