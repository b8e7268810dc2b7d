import { MessageFlags } from 'discord.js';
import type { LiveMessage, Surface } from '../../core/adapter.ts';
import type { Clock } from '../../core/clock.ts';
import { PlaceGone } from '../../core/delivery-errors.ts';
import type { Sealing } from '../../core/sealing.ts';
import { ANSWER_CHARS, answerBody, type MessageBody, noticeBodies } from './content.ts';
import { createChannelOutlet, createWebhookOutlet, isUnclear } from './outlets.ts';
import { findMessage } from './read-back.ts';
import { type InteractionPlace, sealPlace, writeReference } from './references.ts';
import type { DiscordRest } from './rest.ts';
import type { WaitingSigns } from './waiting-signs.ts';

export interface InteractionSurfaceOptions {
  readonly rest: DiscordRest;
  readonly clock: Clock;
  readonly signs: WaitingSigns;
  readonly sealing: Sealing;
  readonly place: InteractionPlace;
  readonly caveat: string | undefined;
}

/** What the adapter itself needs of the surface. */
export interface InteractionSurface extends Surface {
  /** Takes the "thinking" away where nothing came of it. */
  settle(): Promise<void>;
  /** A message of the answer that is there already. */
  adopt(messageId: string): LiveMessage;
}

/** A token lives for 15 minutes: https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages */
const TOKEN_MS = 15 * 60_000;
/** The last edits on a token's account leave this much before its end. */
const MARGIN_MS = 60_000;
/** For apps that the user alone brought: https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages */
const USER_INSTALL_FOLLOW_UPS = 5;
/** What ends a "thinking" is worth waiting for, even while the bot stops. */
const NEVER = new AbortController().signal;

/** Answers an interaction: in its own reply and follow-ups while its token lives, after that through the channel. */
export function createInteractionSurface(options: InteractionSurfaceOptions): InteractionSurface {
  const { rest, clock, place } = options;
  const { interaction, isPrivate, botMayUseChannel } = place;
  const sealedPlace = sealPlace(place, options.sealing);
  const webhook = createWebhookOutlet(rest, interaction);
  const patientWebhook = createWebhookOutlet({ ...rest, request: rest.insist }, interaction);
  const channel = createChannelOutlet(rest, interaction.channelId);
  const canOutlive = canOutliveToken(place);
  const tokenEndsAtMs = interaction.receivedAtMs + TOKEN_MS - MARGIN_MS;
  const indicate = botMayUseChannel ? options.signs.of({ ...interaction, messageId: null }) : () => {};
  /** Messages that came of the interaction, notices included. */
  const known = new Set<string>();
  let isThinking = place.acknowledged === 'thinking';
  let { newestId, opened } = place;
  let isUnclearSend = false;

  const outlet = () => (canOutlive && clock.now() >= tokenEndsAtMs ? channel : webhook);

  function liveMessage(id: string): LiveMessage {
    known.add(id);
    newestId = id;
    return {
      key: id,
      get scope() {
        return outlet().editScope;
      },
      update: (view, signal) => outlet().edit(id, answerBody(view), view.status === 'streaming', signal),
    };
  }

  async function sendFurther(body: MessageBody, signal: AbortSignal): Promise<string> {
    // The answer to the interaction is no follow-up.
    if (place.isUserInstall && opened > USER_INSTALL_FOLLOW_UPS) throw new PlaceGone('expired');
    const found = isUnclearSend && canOutlive ? await findFollowUp(signal) : null;
    if (found !== null) {
      await outlet().edit(found, body, false, signal);
      return found;
    }
    if (outlet() === channel) {
      const once = { nonce: `${interaction.id}-${opened}`, enforce_nonce: true } as const;
      return channel.send({ ...body, ...once }, [], signal);
    }
    const flags = isPrivate ? body.flags | MessageFlags.Ephemeral : body.flags;
    return webhook.send({ ...body, flags }, [], signal);
  }

  /** Webhooks know no nonces; but each message that comes of an interaction names it. */
  async function findFollowUp(signal: AbortSignal): Promise<string | null> {
    const found = await findMessage(
      rest,
      interaction.channelId,
      (message) => message.interaction_metadata?.id === interaction.id && !known.has(message.id),
      signal,
    );
    return found?.id ?? null;
  }

  async function endThinking(signal: AbortSignal): Promise<void> {
    if (!isThinking) return;
    await patientWebhook.removeOriginal(signal).catch((error: unknown) => {
      if (!(error instanceof PlaceGone)) throw error;
    });
    isThinking = false;
  }

  return {
    limits: { maxChars: ANSWER_CHARS },
    get openScope() {
      return outlet().sendScope;
    },
    ...(canOutlive ? {} : { closesAtMs: tokenEndsAtMs }),
    canContinueInThread: place.canContinueInThread,
    isPrivate,
    ...(options.caveat === undefined ? {} : { caveat: options.caveat }),
    get reference() {
      const acknowledged = isThinking ? 'thinking' : 'silent';
      return writeReference({ ...sealedPlace, acknowledged, newestId, opened });
    },
    adopt: liveMessage,
    indicate(activity) {
      // "Thinking" says it already.
      if (!isThinking) indicate(activity);
    },

    async open(view, signal) {
      signal.throwIfAborted();
      const body = answerBody(view);
      try {
        const id = isThinking
          ? await webhook.editOriginal(body, [], signal)
          : await sendFurther(body, signal);
        isThinking = false;
        isUnclearSend = false;
        opened++;
        indicate('idle');
        return liveMessage(id);
      } catch (error) {
        isUnclearSend ||= isUnclear(error);
        throw error;
      }
    },

    async whisper(notice, signal) {
      const bodies = noticeBodies(notice.text);
      for (const [index, body] of bodies.entries()) {
        const files = index === bodies.length - 1 ? (notice.files ?? []) : [];
        if (isThinking && isPrivate) {
          known.add(await patientWebhook.editOriginal(body, files, signal));
          isThinking = false;
          continue;
        }
        // The first follow-up would take the place of a public "thinking", and be as public.
        await endThinking(signal);
        const flags = body.flags | MessageFlags.Ephemeral;
        known.add(await patientWebhook.send({ ...body, flags }, files, signal));
      }
    },

    async settle() {
      indicate('idle');
      await endThinking(NEVER);
    },
  };
}

/** Whether an answer can go on through the channel when the interaction's token is dead. */
export function canOutliveToken({ botMayUseChannel, isPrivate }: InteractionPlace): boolean {
  return botMayUseChannel && !isPrivate;
}
