import type { Clock } from '../../../core/kit/clock.ts';
import type { Sealing } from '../../../core/kit/sealing.ts';
import type { LostPlace, Reopened } from '../../../core/ports/adapter.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { textOf } from './content.ts';
import { canOutliveToken, createInteractionSurface, type InteractionSurface } from './interaction-surface.ts';
import { createMessageSurface, type MessageSurface } from './message-surface.ts';
import { before, buttonsOf, findMessage, readThroughWebhook, type SentMessage, UNREAD } from './read-back.ts';
import { type InteractionPlace, type MessagePlace, readReference } from './references.ts';
import type { WaitingSigns } from './waiting-signs.ts';

export interface ReopenOptions {
  readonly rest: DiscordRest;
  readonly clock: Clock;
  readonly signs: WaitingSigns;
  readonly sealing: Sealing;
  readonly botId: string;
  readonly caveat: string | undefined;
}

/** Finds the place of an answer again that another process was writing. */
export async function reopen(
  options: ReopenOptions,
  { reference, answerId }: LostPlace,
  signal: AbortSignal,
): Promise<Reopened | null> {
  const place = readReference(reference, options.sealing);
  if (place === null) return null;
  try {
    return place.kind === 'message'
      ? await reopenMessage(options, place, answerId, signal)
      : await reopenInteraction(options, place, answerId, signal);
  } catch (error) {
    if (error instanceof PlaceGone) return null;
    throw error;
  }
}

async function reopenMessage(
  options: ReopenOptions,
  place: MessagePlace,
  answerId: string | null,
  signal: AbortSignal,
): Promise<Reopened> {
  const surface = createMessageSurface({ ...options, place, isResumed: true, onForbidden: () => {} });
  if (answerId === null) return { surface, message: null };
  const { question, spot, newestId } = place;
  const channelId = spot.kind === 'thread' ? question.messageId : question.channelId;
  const afterId = newestId === null ? question.messageId : before(newestId);
  const where = { channelId, afterId };
  const sent = await findMessage(options.rest, where, carries(answerId), signal).catch((error: unknown) => {
    // Nothing had been shown, so the thread may still be to come.
    if (error instanceof PlaceGone && spot.kind === 'thread' && newestId === null) return null;
    throw error;
  });
  return reopened(surface, sent);
}

async function reopenInteraction(
  options: ReopenOptions,
  place: InteractionPlace,
  answerId: string | null,
  signal: AbortSignal,
): Promise<Reopened> {
  const { rest } = options;
  const { interaction, newestId } = place;
  const surface = createInteractionSurface({ ...options, place, isResumed: true });
  if (answerId === null) return { surface, message: null };
  const afterId = newestId === null ? interaction.id : before(newestId);
  const newest = canOutliveToken(place)
    ? await findMessage(rest, { channelId: interaction.channelId, afterId }, carries(answerId), signal)
    : newestId === null
      ? null
      : await readThroughWebhook(rest, interaction, newestId, signal);
  return reopened(surface, newest === UNREAD || (newest && carries(answerId)(newest)) ? newest : null);
}

/** Buttons alone tell whose message it is: sealed ones have none, and are nobody's to change. */
function carries(answerId: string): (message: SentMessage) => boolean {
  return (message) => buttonsOf(message).some((button) => button.answerId === answerId);
}

function reopened(
  surface: MessageSurface | InteractionSurface,
  sent: SentMessage | typeof UNREAD | null,
): Reopened {
  if (sent === UNREAD) return { surface, message: null, isUnread: true };
  if (sent === null) return { surface, message: null };
  const isEnded = buttonsOf(sent).every(({ kind }) => kind !== 'stop');
  const text = isEnded ? textOf(sent.content) : sent.content;
  return { surface, message: { live: surface.adopt(sent.id), text, isEnded } };
}
