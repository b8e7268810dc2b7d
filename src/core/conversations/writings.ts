import type { GuildId } from '../ports/actor.ts';
import { isBy } from '../ports/parts.ts';
import { type Turn, withoutPerson } from './conversation.ts';
import type { Conversations } from './conversations.ts';

/** A text in a conversation. */
interface Excerpt {
  readonly conversation: string;
  readonly text: string;
}

/** All that a guild's conversations contain of a person. */
export interface Writings {
  readonly turns: (Turn & { readonly conversation: string })[];
  /** The person's words that others quoted or forwarded in their questions. */
  readonly quotes: Excerpt[];
  /** The person's instructions for the model in conversations. */
  readonly instructions: Excerpt[];
  /** Summaries of conversations that contain the person's words. */
  readonly summaries: Excerpt[];
}

/** Reads all of the guild's conversations. */
export async function writtenBy(
  conversations: Conversations,
  guild: GuildId,
  user: string,
): Promise<Writings> {
  const written: Writings = { turns: [], quotes: [], instructions: [], summaries: [] };
  for (const conversation of new Set(await Array.fromAsync(conversations.idsOf(guild)))) {
    const { turns = [], instructions, summary } = (await conversations.get(conversation)) ?? {};
    if (instructions?.by === user) written.instructions.push({ conversation, text: instructions.text });
    if (summary?.people.includes(user)) written.summaries.push({ conversation, text: summary.text });
    for (const turn of turns) {
      if (turn.user === user) written.turns.push({ conversation, ...turn });
      for (const part of turn.brought ?? []) {
        if (isBy(part, user) && 'files' in part) written.quotes.push({ conversation, text: part.text });
      }
    }
  }
  return written;
}

/** Deletes a person's turns, quotes of them, and conversations left empty; resolves to the number of turns. */
export async function forgetTurnsOf(
  conversations: Conversations,
  guild: GuildId,
  user: string,
): Promise<number> {
  let total = 0;
  for await (const id of conversations.idsOf(guild)) {
    let forgotten = 0;
    await conversations.change(id, (conversation) => {
      forgotten = conversation.turns.filter((turn) => turn.user === user).length;
      return withoutPerson(conversation, user);
    });
    total += forgotten;
  }
  return total;
}

/** Deletes all conversations of a guild; resolves to their number. */
export async function forgetAllIn(conversations: Conversations, guild: GuildId): Promise<number> {
  let forgotten = 0;
  for await (const id of conversations.idsOf(guild)) if (await conversations.forget(id)) forgotten++;
  return forgotten;
}
