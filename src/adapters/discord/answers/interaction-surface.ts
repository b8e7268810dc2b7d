import { MessageFlags } from 'discord.js';
import type { Clock } from '../../../core/kit/clock.ts';
import type { Sealing } from '../../../core/kit/sealing.ts';
import { PlaceGone } from '../../../core/ports/delivery-errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import {
  type AnswerSurface,
  type AnswerWay,
  createAnswerSurface,
  type NextMessage,
} from './answer-surface.ts';
import { answerBody, type MessageBody, noticeBodies, withFilesOrWithout } from './content.ts';
import {
  createChannelWriter,
  createWebhookWriter,
  type IsArchived,
  type MessageWriter,
} from './message-writers.ts';
import { findMessage, UNREAD } from './read-back.ts';
import { type InteractionPlace, sealPlace, writeReference } from './references.ts';
import type { WaitingSigns } from './waiting-signs.ts';

export interface InteractionSurfaceOptions {
  readonly rest: DiscordRest;
  readonly clock: Clock;
  readonly signs: WaitingSigns;
  readonly sealing: Sealing;
  readonly isArchived: IsArchived;
  readonly place: InteractionPlace;
  /** Whether another process may have sent messages that this one does not know. */
  readonly isResumed: boolean;
  readonly caveat: string | undefined;
  /** Whether it was asked in a thread whose messages the bot receives. Default false. */
  readonly isOverheard?: boolean;
}

/** The part of the surface that the adapter itself needs. */
export interface InteractionSurface extends AnswerSurface {
  /** Removes the "thinking" if nothing was shown. */
  endThinking(): Promise<void>;
}

/**
 * A token is valid for 15 minutes:
 * https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages
 */
const TOKEN_MS = 15 * 60_000;
/** The last edits with a token happen this long before its end. */
const MARGIN_MS = 60_000;
/** The note under an answer that exceeds what Discord allows an app that only the user installed. */
const NO_FURTHER =
  'Discord does not let me write more here, because I am not a member of this server. In direct messages I can answer at any length.';
/** Ending a "thinking" is worth waiting for, even while the bot stops. */
const NEVER = new AbortController().signal;

/** Answers an interaction through its reply and follow-ups while the token is valid, then through the channel. */
export function createInteractionSurface(options: InteractionSurfaceOptions): InteractionSurface {
  const { rest, clock, place } = options;
  const { interaction, isPrivate, botMayUseChannel } = place;
  const sealedPlace = sealPlace(place, options.sealing);
  const webhook = createWebhookWriter(rest, interaction);
  const patientWebhook = createWebhookWriter({ ...rest, request: rest.insist }, interaction);
  const channel = createChannelWriter(rest, interaction.channelId, options.isArchived);
  /** For writes that were granted under another limit than the channel's. */
  const patientChannel = createChannelWriter(
    { ...rest, request: rest.insist },
    interaction.channelId,
    options.isArchived,
  );
  const canOutlive = canOutliveToken(place);
  const tokenEndsAtMs = interaction.receivedAtMs + TOKEN_MS - MARGIN_MS;
  const indicate = botMayUseChannel ? options.signs.of({ ...interaction, messageId: null }) : () => {};
  let isThinking = place.acknowledged === 'thinking';
  let isTokenUsedUp = false;
  /** The write that shows the place in the queue instead of "thinking"; later writes wait for it. */
  let queueWords = Promise.resolve();

  const writer = () => (canOutlive && (isTokenUsedUp || clock.now() >= tokenEndsAtMs) ? channel : webhook);

  /** Writes with the token, and through the channel once the token no longer works, if the bot may write there. */
  async function write<T>(through: (writer: MessageWriter) => Promise<T>): Promise<T> {
    const first = writer();
    try {
      return await through(first);
    } catch (error) {
      // The webhook cannot edit in a thread that has been archived; the channel can unarchive it.
      const isArchived = error instanceof PlaceGone && error.reason === 'archived';
      if (!(isExpired(error) || isArchived) || !canOutlive || first === channel) throw error;
      isTokenUsedUp ||= !isArchived;
      return through(patientChannel);
    }
  }

  async function sendFurther(
    through: MessageWriter,
    { body, files, newestId, mayHaveSent }: NextMessage,
    signal: AbortSignal,
  ): Promise<string> {
    await endThinking(signal);
    const found = mayHaveSent && canOutlive ? await findFurther(newestId, signal) : null;
    // Of two sends with the same nonce Discord accepts only the first, for some minutes. Exactly one message follows another.
    const further: MessageBody =
      through === webhook
        ? { ...body, flags: isPrivate ? body.flags | MessageFlags.Ephemeral : body.flags }
        : { ...body, nonce: newestId ?? interaction.id, enforce_nonce: true };
    const id = found ?? (await through.send(further, files, signal));
    // An earlier try may have sent an older text.
    if (mayHaveSent) await (through === webhook ? webhook : patientChannel).edit(id, body, files, signal);
    return id;
  }

  /** Webhooks have no nonces, but each message of an interaction names it. */
  async function findFurther(newestId: string | null, signal: AbortSignal): Promise<string | null> {
    const found = await findMessage(
      rest,
      { channelId: interaction.channelId, afterId: newestId ?? interaction.id },
      ({ flags, interaction_metadata }) =>
        interaction_metadata?.id === interaction.id && (flags & MessageFlags.Loading) === 0,
      signal,
    );
    return found === UNREAD ? null : (found?.id ?? null);
  }

  async function endThinking(signal: AbortSignal): Promise<void> {
    if (!isThinking) return;
    await queueWords;
    await patientWebhook.removeOriginal(signal).catch((error: unknown) => {
      if (!(error instanceof PlaceGone)) throw error;
    });
    isThinking = false;
  }

  const way: AnswerWay = {
    get sendScope() {
      return writer().sendScope;
    },
    get editScope() {
      return writer().editScope;
    },
    ...(canOutlive ? {} : { closesAtMs: tokenEndsAtMs }),
    canContinueInThread: place.canContinueInThread,
    isPrivate,
    isOverheard: options.isOverheard ?? false,
    ...(options.caveat === undefined ? {} : { caveat: options.caveat }),
    referenceAt(newestId) {
      const acknowledged = isThinking ? 'thinking' : 'silent';
      return writeReference({ ...sealedPlace, acknowledged, newestId });
    },
    indicate(activity) {
      // "Thinking" already shows it.
      if (!isThinking) indicate(activity);
    },
    waits(words) {
      const [body] = noticeBodies(`-# ⏳ ${words}`);
      if (!isThinking || body === undefined) return;
      // Not retried, because newer words come soon and the answer replaces them.
      queueWords = queueWords.then(() => webhook.editOriginal(body, [], NEVER)).then(nothing, nothing);
    },

    async send(next, signal) {
      await queueWords;
      return write((through) =>
        isThinking && through === webhook
          ? webhook.editOriginal(next.body, next.files, signal)
          : sendFurther(through, next, signal),
      );
    },
    edit: (id, body, files, signal) => write((through) => through.edit(id, body, files, signal)),
    async archiveAgain(signal) {
      for (const each of [channel, patientChannel]) await each.archiveAgain(signal);
    },
    stands() {
      isThinking = false;
    },
    async failed(error, _view, newest, signal) {
      if (!isExpired(error) || newest === null) return;
      await webhook.edit(newest.id, answerBody({ ...newest.view, note: NO_FURTHER }), [], signal);
    },

    async tellPrivately(notice, signal) {
      const bodies = noticeBodies(notice.text);
      for (const [index, body] of bodies.entries()) {
        const files = index === bodies.length - 1 ? (notice.files ?? []) : [];
        if (isThinking && isPrivate) {
          await queueWords;
          await withFilesOrWithout(body, files, (shown, sent) =>
            patientWebhook.editOriginal(shown, sent, signal),
          );
          isThinking = false;
          continue;
        }
        // The first follow-up would replace a public "thinking" and be public too.
        await endThinking(signal);
        const flags = body.flags | MessageFlags.Ephemeral;
        await withFilesOrWithout({ ...body, flags }, files, (shown, sent) =>
          patientWebhook.send(shown, sent, signal),
        );
      }
    },
  };
  const surface = createAnswerSurface(way, { newestId: place.newestId, isResumed: options.isResumed });
  return Object.assign(surface, {
    async endThinking() {
      indicate('idle');
      await endThinking(NEVER);
    },
  });
}

function nothing(): void {}

/** Whether the token has expired or its allowance is used up. */
function isExpired(error: unknown): boolean {
  return error instanceof PlaceGone && error.reason === 'expired';
}

/** Whether an answer can continue through the channel after its interaction's token has expired. */
export function canOutliveToken({ botMayUseChannel, isPrivate }: InteractionPlace): boolean {
  return botMayUseChannel && !isPrivate;
}
