import type { Clock } from '../../../core/kit/time/clock.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { Scope } from '../../../core/ports/scope.ts';
import { insisting } from '../rest/rest.ts';
import type { DiscordContext } from './context.ts';
import { ChannelWriter, type MessageWriter, WebhookWriter } from './message-writers.ts';
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
export class InteractionWriter {
  readonly webhook: WebhookWriter;
  /** For writes that no limiter has granted. */
  readonly patientWebhook: WebhookWriter;
  /** For writes that were granted under another limit than the channel's. */
  readonly patientChannel: ChannelWriter;
  /** The time in milliseconds since the epoch after which nothing can be written; undefined if the channel remains. */
  readonly closesAtMs: number | undefined;
  readonly #channel: ChannelWriter;
  readonly #clock: Clock;
  #tokenEndsAtMs: number;

  constructor(
    { rest, clock, isArchived }: Pick<DiscordContext, 'rest' | 'clock' | 'isArchived'>,
    place: InteractionPlace,
  ) {
    const { interaction } = place;
    const patient = insisting(rest);
    this.webhook = new WebhookWriter(rest, interaction);
    this.patientWebhook = new WebhookWriter(patient, interaction);
    this.patientChannel = new ChannelWriter(patient, interaction.channelId, isArchived);
    this.#channel = new ChannelWriter(rest, interaction.channelId, isArchived);
    this.#clock = clock;
    this.#tokenEndsAtMs = interaction.receivedAtMs + TOKEN_MS - MARGIN_MS;
    this.closesAtMs = canOutliveToken(place) ? undefined : this.#tokenEndsAtMs;
  }

  get sendScope(): Scope {
    return this.#current.sendScope;
  }

  get editScope(): Scope {
    return this.#current.editScope;
  }

  /** Runs a write; again through the channel if the token turns out not to work any more. */
  async write<T>(through: (writer: MessageWriter) => Promise<T>): Promise<T> {
    const first = this.#current;
    try {
      return await through(first);
    } catch (error) {
      // The webhook cannot edit in a thread that has been archived; the channel can unarchive it.
      const isInArchive = error instanceof PlaceGone && error.reason === 'archived';
      const hasAnother = this.closesAtMs === undefined && first !== this.#channel;
      if (!(isExpired(error) || isInArchive) || !hasAnother) throw error;
      if (!isInArchive) this.#tokenEndsAtMs = 0;
      return through(this.patientChannel);
    }
  }

  edit(...args: Parameters<MessageWriter['edit']>): Promise<void> {
    return this.write((through) => through.edit(...args));
  }

  /** Archives a thread again that was opened for a write. */
  async archiveAgain(signal: AbortSignal): Promise<void> {
    for (const each of [this.#channel, this.patientChannel]) await each.archiveAgain(signal);
  }

  get #current(): MessageWriter {
    const isOver = this.#clock.now() >= this.#tokenEndsAtMs;
    return isOver && this.closesAtMs === undefined ? this.#channel : this.webhook;
  }
}

/** Whether the token has expired or its allowance is used up. */
export function isExpired(error: unknown): boolean {
  return error instanceof PlaceGone && error.reason === 'expired';
}

/** Whether an answer can continue through the channel after its interaction's token has expired. */
export function canOutliveToken({ botMayUseChannel, isPrivate }: InteractionPlace): boolean {
  return botMayUseChannel && !isPrivate;
}
