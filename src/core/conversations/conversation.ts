import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { broughtSchema, isBy } from '../ports/parts.ts';
import { settingShape } from './setting.ts';

/** One answer to a question. */
const answerShape = {
  answer: z.string(),
  model: z.string(),
  status: z.enum(['complete', 'stopped', 'failed', 'interrupted']),
  askedAtMs: z.number(),
  /** Its record's id; missing in turns that are older than this field. */
  answerId: z.string().exactOptional(),
  /** The cost; missing if unknown. */
  bill: z
    .object({ costNanoUsd: z.int().nonnegative(), payer: z.enum(['operator', 'guild']) })
    .exactOptional(),
};

const turnSchema = z.object({
  /** Stays the same when the question is retried. */
  id: z.string(),
  user: z.string(),
  author: z.string(),
  /** The person's own words. */
  question: z.string(),
  /** Everything that came with the words; files by reference, with the text that was read from them. */
  brought: z.array(broughtSchema).exactOptional(),
  /** The newest answer that still exists. */
  ...answerShape,
  /** Earlier answers that still exist, newest first. The first one counts again if all newer ones are deleted. */
  earlier: z.array(z.object(answerShape)).exactOptional(),
  /** Estimated tokens of question and answer; missing in conversations so short that nothing was counted. */
  tokens: z.number().exactOptional(),
  /** Whether it was asked before the conversation was started anew, so that later questions do not include it. */
  isPast: z.literal(true).exactOptional(),
});

/** A summary of the older turns of a conversation that no longer fits its model. */
const summarySchema = z.object({
  text: z.string(),
  /** The id of the newest turn in it. */
  through: z.string(),
  /** The people whose words are in it, by the platform's ids. */
  people: z.array(z.string()),
});

export const conversationSchema = z.object({
  id: z.string(),
  turns: z.array(turnSchema),
  /** The author of its first question; missing before that, and in conversations that are older than this field. */
  startedBy: z.string().exactOptional(),
  /** The last time it was started anew. */
  anewAtMs: z.number().exactOptional(),
  summary: summarySchema.exactOptional(),
  /** Its settings. */
  ...settingShape,
});

export type Turn = z.infer<typeof turnSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Conversation = z.infer<typeof conversationSchema>;

/** The person who began it, who is one of the few that may change its course. Null before its first question. */
export function starterOf({ startedBy, turns }: Conversation): string | null {
  return startedBy ?? turns[0]?.user ?? null;
}

/** The turns that a question includes, oldest first: all before its own, since the conversation was started anew. */
function turnsBefore({ turns }: Conversation, turn: string): readonly Turn[] {
  const index = turns.findIndex(({ id }) => id === turn);
  const before = index < 0 ? turns : turns.slice(0, index);
  return turns[index]?.isPast ? before : before.filter(({ isPast }) => !isPast);
}

/** The earlier part of a conversation that a question includes: a summary, if there is one, and the turns after it. */
export interface Memory {
  readonly summary: Summary | null;
  /** Oldest first. */
  readonly turns: readonly Turn[];
}

/** As `turnsBefore`, with the summary in place of its turns. */
export function memoryBefore(conversation: Conversation, turn: string): Memory {
  const turns = turnsBefore(conversation, turn);
  const { summary } = conversation;
  const isOf = ({ id }: Turn) => id === summary?.through;
  const newest = turns.findIndex(isOf);
  // For a turn inside the summary that is asked again, everything after it must be left out.
  if (summary === undefined || (newest < 0 && conversation.turns.some(isOf))) return { summary: null, turns };
  return { summary, turns: turns.slice(newest + 1) };
}

/** Each turn rewrites the conversation. Older turns remain in its summary. */
export const MAX_TURNS = 100;
/** Older answers to a question that was retried this often do not matter any more. */
const MAX_EARLIER = 3;

/** A conversation with instructions and no turns has not begun; one with neither is deleted. */
export function unlessEmpty(conversation: Conversation): Conversation | undefined {
  const isEmpty = conversation.turns.length === 0 && conversation.instructions === undefined;
  return isEmpty ? undefined : conversation;
}

/** Whether the conversation has this answer of the turn already, or one that was asked for later. */
export function isOutdated({ turns }: Conversation, { id, askedAtMs }: Turn): boolean {
  return turns.some((kept) => kept.id === id && kept.askedAtMs >= askedAtMs);
}

/** The conversation with the turn added, or in place of the one with its id. */
export function withTurn({ summary, ...conversation }: Conversation, turn: Turn): Conversation {
  const { anewAtMs } = conversation;
  const turns = [...conversation.turns];
  const index = turns.findIndex((other) => other.id === turn.id);
  // Also true for a turn in progress when the conversation was started anew, and one that was tried again since.
  const isPast = turns[index]?.isPast ?? (anewAtMs !== undefined && turn.askedAtMs < anewAtMs);
  const earlier = earlierThan(turn, turns[index]);
  const kept = { ...turn, ...(earlier.length > 0 && { earlier }), ...(isPast && { isPast }) };
  // The summary would contain the previous answer.
  const isStale = isSummarised({ turns, ...(summary && { summary }) }, index);
  if (index >= 0) turns[index] = kept;
  else turns.push(kept);
  const startedBy = starterOf(conversation) ?? turn.user;
  return {
    ...conversation,
    ...(summary !== undefined && !isStale && { summary }),
    startedBy,
    turns: turns.slice(-MAX_TURNS),
  };
}

/** Whether the turn at this index is in the summary. */
function isSummarised({ turns, summary }: Pick<Conversation, 'turns' | 'summary'>, index: number): boolean {
  return index >= 0 && index <= turns.findIndex(({ id }) => id === summary?.through);
}

type Answer = NonNullable<Turn['earlier']>[number];

function answerOf({ answer, model, status, askedAtMs, answerId, bill }: Turn): Answer {
  return { answer, model, status, askedAtMs, ...(answerId && { answerId }), ...(bill && { bill }) };
}

/** The answers before a new one; none if the question has changed. */
function earlierThan(turn: Turn, before: Turn | undefined): Answer[] {
  if (before?.answerId === undefined || before.question !== turn.question) return [];
  const all = [answerOf(before), ...(before.earlier ?? [])];
  return all.filter(({ answerId }) => answerId !== turn.answerId).slice(0, MAX_EARLIER);
}

/** The turn without one of its answers; null if none is left. */
function turnWithout(turn: Turn, answerId: string): Turn | null {
  const { earlier = [], ...rest } = turn;
  const others = earlier.filter((each) => each.answerId !== answerId);
  if (rest.answerId !== undefined && rest.answerId !== answerId)
    return { ...rest, ...(others.length > 0 && { earlier: others }) };
  const [newest, ...older] = others;
  if (newest === undefined) return null;
  // The estimate included the deleted answer.
  const { answerId: _id, bill: _bill, tokens: _tokens, ...question } = rest;
  return { ...question, ...newest, ...(older.length > 0 && { earlier: older }) };
}

/** The conversation without one of a turn's answers: the newest one before it counts again, or the turn goes with its last one. */
export function withoutAnswer(conversation: Conversation, turnId: string, answerId: string): Conversation {
  const index = conversation.turns.findIndex(({ id }) => id === turnId);
  const turn = conversation.turns[index];
  if (turn === undefined) return conversation;
  const left = turnWithout(turn, answerId);
  const { summary, ...rest } = conversation;
  return {
    ...rest,
    // The answer's part of the summary goes with it.
    ...(summary !== undefined && !isSummarised(conversation, index) && { summary }),
    turns: conversation.turns.toSpliced(index, 1, ...(left === null ? [] : [left])),
  };
}

/** The conversation whose later questions do not include the turns so far. Nothing is deleted. */
export function startedOver({ summary: _, ...before }: Conversation, anewAtMs: number): Conversation {
  const turns = before.turns.map((turn) => ({ ...turn, isPast: true as const }));
  return { ...before, turns, anewAtMs };
}

/** The conversation with a summary in place of these turns and the previous summary; as it is if one of the turns was changed or forgotten. */
export function withSummary(
  conversation: Conversation,
  summary: Summary,
  covered: readonly Turn[],
): Conversation {
  const { turns } = conversation;
  const isKept = covered.every((turn) => turns.some((other) => isDeepStrictEqual(other, turn)));
  return isKept ? { ...conversation, summary } : conversation;
}

/** The turn without messages that this person wrote. */
function withoutAuthor(turn: Turn, user: string): Turn {
  const { brought, tokens: _, ...rest } = turn;
  if (!brought?.some((part) => isBy(part, user))) return turn;
  return { ...rest, brought: brought.filter((part) => !isBy(part, user)) };
}

/** The conversation without a person's turns and what others quoted of theirs; undefined if nothing is left. */
export function withoutPerson(conversation: Conversation, user: string): Conversation | undefined {
  const { startedBy, instructions, summary, ...rest } = conversation;
  const left = {
    ...rest,
    turns: conversation.turns.filter((turn) => turn.user !== user).map((turn) => withoutAuthor(turn, user)),
    ...(startedBy !== undefined && startedBy !== user && { startedBy }),
    ...(instructions !== undefined && instructions.by !== user && { instructions }),
    ...(summary !== undefined && !summary.people.includes(user) && { summary }),
  };
  return isDeepStrictEqual(left, conversation) ? conversation : unlessEmpty(left);
}
