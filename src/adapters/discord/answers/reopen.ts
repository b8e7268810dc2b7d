import type { LostPlace, Reopened } from '../../../core/ports/adapter.ts';
import type { Button } from '../../../core/ports/buttons.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { insisting } from '../rest/rest.ts';
import type { AnswerSurface } from './answer-surface.ts';
import { rowOf, textOf } from './content.ts';
import type { DiscordContext } from './context.ts';
import { InteractionSurface } from './interaction-surface.ts';
import { canOutliveToken } from './interaction-writer.ts';
import { MessageSurface } from './message-surface.ts';
import { ChannelWriter } from './message-writers.ts';
import { takeWordsBack } from './queue-words.ts';
import { before, buttonsOf, findMessage, readThroughWebhook, type SentMessage, UNREAD } from './read-back.ts';
import { type InteractionPlace, type MessagePlace, readReference } from './references.ts';
import { takeHourglassOff } from './waiting-signs.ts';

/** Finds the place of an answer that another process was writing. */
export async function reopen(
  discord: DiscordContext,
  { reference, answerId }: LostPlace,
  signal: AbortSignal,
): Promise<Reopened | null> {
  const place = readReference(reference, discord.sealing);
  if (place === null) return null;
  try {
    return place.kind === 'message'
      ? await reopenMessage(discord, place, answerId, signal)
      : await reopenInteraction(discord, place, answerId, signal);
  } catch (error) {
    if (error instanceof PlaceGone) return null;
    throw error;
  }
}

async function reopenMessage(
  discord: DiscordContext,
  place: MessagePlace,
  answerId: string | null,
  signal: AbortSignal,
): Promise<Reopened> {
  const { rest, botId, tasks } = discord;
  const surface = new MessageSurface(discord, place, { isResumed: true });
  const { question, spot, newestId } = place;
  // An answer that had begun has taken the signs off itself.
  if (newestId === null) {
    tasks.run('take off the signs of a dead process', async (stopping) => {
      await takeHourglassOff(rest, question, stopping);
      await takeWordsBack(rest, question, botId, stopping);
    });
  }
  if (answerId === null) return { surface, message: null };
  const where = whereOf(place);
  const sent = await findMessage(rest, where, carries(answerId), signal).catch((error: unknown) => {
    // Nothing had been shown, so the thread may not exist yet.
    if (error instanceof PlaceGone && spot.kind === 'thread' && newestId === null) return null;
    throw error;
  });
  return reopened(surface, sent);
}

/** Replaces the buttons of a finished answer. Uses the channel, because an interaction's question cannot be edited. */
export async function changeButtons(
  { rest, sealing }: Pick<DiscordContext, 'rest' | 'sealing'>,
  { reference, answerId }: LostPlace & { readonly answerId: string },
  buttons: readonly Button[],
  signal: AbortSignal,
): Promise<boolean> {
  const place = readReference(reference, sealing);
  if (place === null || (place.kind === 'interaction' && !canOutliveToken(place))) return false;
  const where = whereOf(place);
  const sent = await findMessage(rest, where, carries(answerId), signal);
  // If the bot may not read back, assume that the answer's newest message has them.
  const messageId = sent === UNREAD ? place.newestId : (sent?.id ?? null);
  if (messageId === null) return false;
  const writer = new ChannelWriter(insisting(rest), where.channelId);
  await writer.edit(messageId, { components: rowOf(buttons) }, [], signal);
  await writer.archiveAgain(signal);
  return true;
}

/** The channel of an answer, and the id just before its newest message. */
function whereOf(place: MessagePlace | InteractionPlace): {
  readonly channelId: string;
  readonly afterId: string;
} {
  const { newestId } = place;
  if (place.kind === 'interaction') {
    const { channelId, id } = place.interaction;
    return { channelId, afterId: newestId === null ? id : before(newestId) };
  }
  const { question, spot } = place;
  return {
    channelId: spot.kind === 'thread' ? question.messageId : question.channelId,
    afterId: newestId === null ? question.messageId : before(newestId),
  };
}

async function reopenInteraction(
  discord: DiscordContext,
  place: InteractionPlace,
  answerId: string | null,
  signal: AbortSignal,
): Promise<Reopened> {
  const { rest } = discord;
  const { interaction, newestId } = place;
  const surface = new InteractionSurface(discord, place, { isResumed: true });
  if (answerId === null) return { surface, message: null };
  const newest = canOutliveToken(place)
    ? await findMessage(rest, whereOf(place), carries(answerId), signal)
    : newestId === null
      ? null
      : await readThroughWebhook(rest, interaction, newestId, signal);
  return reopened(surface, newest === UNREAD || (newest && carries(answerId)(newest)) ? newest : null);
}

/** Only buttons show whose message it is. Sealed messages have none and never change. */
function carries(answerId: string): (message: SentMessage) => boolean {
  return (message) => buttonsOf(message).some((button) => button.answerId === answerId);
}

function reopened(surface: AnswerSurface, sent: SentMessage | typeof UNREAD | null): Reopened {
  if (sent === UNREAD) return { surface, message: null, isUnread: true };
  if (sent === null) return { surface, message: null };
  const isEnded = buttonsOf(sent).every(({ kind }) => kind !== 'stop');
  const text = isEnded ? textOf(sent.content) : sent.content;
  return { surface, message: { live: surface.adopt(sent.id), text, isEnded } };
}
