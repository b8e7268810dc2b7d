import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import { insisting } from '../rest/rest.ts';
import type { DiscordContext } from './context.ts';
import { createChannelWriter, createWebhookWriter, type MessageWriter } from './message-writers.ts';
import type { InteractionPlace } from './references.ts';

/**
 * A token is valid for 15 minutes:
 * https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages
 */
const TOKEN_MS = 15 * 60_000;
/** The last edits with a token happen this long before its end. */
const MARGIN_MS = 60_000;

/**
 * Writes with an interaction's token until 14 minutes after the interaction was received, if it works so long; then through the
 * channel, if the bot may write there.
 */
export function createInteractionWriter(
  { rest, clock, isArchived }: Pick<DiscordContext, 'rest' | 'clock' | 'isArchived'>,
  place: InteractionPlace,
) {
  const { interaction } = place;
  const webhook = createWebhookWriter(rest, interaction);
  const channel = createChannelWriter(rest, interaction.channelId, isArchived);
  const patientChannel = createChannelWriter(insisting(rest), interaction.channelId, isArchived);
  const canOutlive = canOutliveToken(place);
  const tokenEndsAtMs = interaction.receivedAtMs + TOKEN_MS - MARGIN_MS;
  let isTokenUsedUp = false;

  const current = () => (canOutlive && (isTokenUsedUp || clock.now() >= tokenEndsAtMs) ? channel : webhook);

  return {
    webhook,
    /** For writes that were granted under another limit than the channel's. */
    patientChannel,
    /** The writer to use now. */
    get current(): MessageWriter {
      return current();
    },
    /** The time in milliseconds since the epoch after which nothing can be written; undefined if the channel remains. */
    closesAtMs: canOutlive ? undefined : tokenEndsAtMs,

    /** Runs a write; again through the channel if the token turns out not to work any more. */
    async write<T>(through: (writer: MessageWriter) => Promise<T>): Promise<T> {
      const first = current();
      try {
        return await through(first);
      } catch (error) {
        // The webhook cannot edit in a thread that has been archived; the channel can unarchive it.
        const isInArchive = error instanceof PlaceGone && error.reason === 'archived';
        if (!(isExpired(error) || isInArchive) || !canOutlive || first === channel) throw error;
        isTokenUsedUp ||= !isInArchive;
        return through(patientChannel);
      }
    },

    /** Archives a thread again that was opened for a write. */
    async archiveAgain(signal: AbortSignal): Promise<void> {
      for (const each of [channel, patientChannel]) await each.archiveAgain(signal);
    },
  };
}

/** Whether the token has expired or its allowance is used up. */
export function isExpired(error: unknown): boolean {
  return error instanceof PlaceGone && error.reason === 'expired';
}

/** Whether an answer can continue through the channel after its interaction's token has expired. */
export function canOutliveToken({ botMayUseChannel, isPrivate }: InteractionPlace): boolean {
  return botMayUseChannel && !isPrivate;
}
