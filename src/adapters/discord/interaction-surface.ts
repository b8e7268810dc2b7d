import { MessageFlags } from 'discord.js';
import type { LiveMessage, Surface } from '../../core/adapter.ts';
import type { Clock } from '../../core/clock.ts';
import { PlaceGone } from '../../core/delivery-errors.ts';
import { ANSWER_CHARS, answerBody, type MessageBody, noticeBodies } from './content.ts';
import { createChannelOutlet, createWebhookOutlet, isUnclear } from './outlets.ts';
import { findSent } from './read-back.ts';
import type { DiscordRest } from './rest.ts';
import type { WaitingSigns } from './waiting-signs.ts';

export interface InteractionSurfaceOptions {
  readonly rest: DiscordRest;
  readonly clock: Clock;
  readonly signs: WaitingSigns;
  readonly interaction: {
    readonly id: string;
    readonly token: string;
    readonly applicationId: string;
    readonly channelId: string;
    /** By this process's clock. */
    readonly receivedAtMs: number;
  };
  /** `thinking`: Discord shows that the answer is to come. `silent`: nothing shows that the interaction was taken. */
  readonly acknowledged: 'thinking' | 'silent';
  readonly isPrivate: boolean;
  /** Whether the bot itself, not only the interaction, may read and write in the channel. */
  readonly botMayUseChannel: boolean;
  /** Whether the app was brought by the user alone: then five follow-ups are all. */
  readonly isUserInstall: boolean;
  readonly canContinueInThread: boolean;
  readonly caveat?: string;
}

/** What the adapter itself needs of the surface once the event is dealt with. */
export interface InteractionSurface extends Surface {
  /** Takes the "thinking" away where nothing came of it. */
  settle(): Promise<void>;
}

/** A token lives for 15 minutes: https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages */
const TOKEN_MS = 15 * 60_000;
/** The last edits on a token's account leave this much before its end. */
const MARGIN_MS = 60_000;
/** https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages */
const USER_INSTALL_FOLLOW_UPS = 5;
/** What ends a "thinking" is worth waiting for, even while the bot stops. */
const NEVER = new AbortController().signal;

/** Answers an interaction: in its own reply and follow-ups while its token lives, after that through the channel. */
export function createInteractionSurface(options: InteractionSurfaceOptions): InteractionSurface {
  const { rest, clock, interaction, isPrivate, botMayUseChannel } = options;
  const webhook = createWebhookOutlet(rest, interaction);
  const patientWebhook = createWebhookOutlet({ ...rest, request: rest.insist }, interaction);
  const channel = createChannelOutlet(rest, interaction.channelId);
  const canOutlive = botMayUseChannel && !isPrivate;
  const tokenEndsAtMs = interaction.receivedAtMs + TOKEN_MS - MARGIN_MS;
  const indicate = botMayUseChannel ? options.signs.of({ ...interaction, messageId: null }) : () => {};
  const privacy = isPrivate ? MessageFlags.Ephemeral : 0;
  const known = new Set<string>();
  let isThinking = options.acknowledged === 'thinking';
  let followUps = 0;
  let isUnclearSend = false;

  const outlet = () => (canOutlive && clock.now() >= tokenEndsAtMs ? channel : webhook);

  function liveMessage(id: string): LiveMessage {
    known.add(id);
    return {
      key: id,
      get scope() {
        return outlet().editScope;
      },
      update: (view, signal) => outlet().edit(id, answerBody(view), signal),
    };
  }

  async function sendFurther(body: MessageBody, signal: AbortSignal): Promise<string> {
    if (options.isUserInstall && followUps >= USER_INSTALL_FOLLOW_UPS) throw new PlaceGone('expired');
    const found = isUnclearSend ? await findFollowUp(signal) : null;
    if (found !== null) {
      await outlet().edit(found, body, signal);
      isUnclearSend = false;
      return found;
    }
    try {
      const flags = body.flags | privacy;
      const nonce = `${interaction.id}-${known.size}`;
      const how = outlet() === channel ? ({ nonce, enforce_nonce: true } as const) : { flags };
      const id = await outlet().send({ ...body, ...how }, [], signal);
      isUnclearSend = false;
      followUps++;
      return id;
    } catch (error) {
      if (isUnclear(error)) isUnclearSend = true;
      throw error;
    }
  }

  /** Webhooks know no nonces; but each message that comes of an interaction names it. */
  async function findFollowUp(signal: AbortSignal): Promise<string | null> {
    if (!canOutlive) return null;
    return findSent(
      rest,
      interaction.channelId,
      (message) => message.interaction_metadata?.id === interaction.id && !known.has(message.id),
      signal,
    );
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
    canContinueInThread: options.canContinueInThread,
    isPrivate,
    ...(options.caveat === undefined ? {} : { caveat: options.caveat }),
    indicate: (activity) => {
      // "Thinking" says it already.
      if (!isThinking) indicate(activity);
    },

    async open(view, signal) {
      signal.throwIfAborted();
      const body = answerBody(view);
      const id = isThinking ? await webhook.editOriginal(body, [], signal) : await sendFurther(body, signal);
      isThinking = false;
      indicate('idle');
      return liveMessage(id);
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
