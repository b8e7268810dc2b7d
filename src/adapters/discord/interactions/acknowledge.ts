import {
  type BaseInteraction,
  InteractionResponseType,
  MessageFlags,
  RESTJSONErrorCodes,
  type RepliableInteraction,
  Routes,
} from 'discord.js';
import { waitAtMost } from '../../../core/kit/deadline.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { InboundEvent } from '../../../core/ports/events.ts';
import { noticeBodies } from '../answers/content.ts';
import type { InteractionSurface } from '../answers/interaction-surface.ts';
import { eventId, interactionActor, interactionPlace } from '../gateway/places.ts';
import { DiscordFault, DiscordRefusal, isRefusal } from '../rest/errors.ts';
import type { InteractionContext } from './context.ts';

/** First responses to interactions. Discord waits three seconds for each and never repeats an interaction. */
export interface Acknowledge {
  /** Sends the first response; false if the interaction has expired or was answered already. */
  respond(interaction: BaseInteraction, response: FirstResponse, signal: AbortSignal): Promise<boolean>;
  /** Responds with a private text only. */
  refuse(interaction: RepliableInteraction, text: string, signal: AbortSignal): Promise<void>;
  /**
   * Claims an interaction in the store, acknowledges it and handles it. If the store does not answer in time, the person is
   * told instead.
   */
  handleOnce(
    of: Acknowledgeable,
    work: (event: InboundEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface FirstResponse {
  readonly type: InteractionResponseType;
  readonly data?: object;
}

export interface Acknowledgeable {
  readonly interaction: RepliableInteraction;
  /** `Place.key` of the message that it concerns, if any. */
  readonly answerKey: string | null;
  readonly surface: InteractionSurface;
  readonly response: FirstResponse;
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback */
const ACKNOWLEDGE_WITHIN_MS = 3_000;
/** Leaves time for the acknowledgement, or for a message about the failure. */
const CLAIM_WITHIN_MS = 1_500;
const RETRY_MS = 100;

const NOT_STORED =
  'The bot cannot reach its database right now. Try again in a minute; if it keeps happening, tell the operator of this bot.';

/** The first response to something that is answered in a message of its own, which shows "thinking" until then. */
export function thinking(isPrivate: boolean): FirstResponse {
  const type = InteractionResponseType.DeferredChannelMessageWithSource;
  return { type, data: isPrivate ? { flags: MessageFlags.Ephemeral } : {} };
}

/** Claims each interaction within 1.5 s, and tries to respond for 3 s. */
export function createAcknowledge({ discord, dispatch, entitlements }: InteractionContext): Acknowledge {
  const { rest, clock, log } = discord;

  const respond: Acknowledge['respond'] = async (interaction, body, signal) => {
    const path = Routes.interactionCallback(interaction.id, interaction.token);
    const tooLateAtMs = clock.now() + ACKNOWLEDGE_WITHIN_MS;
    let mayHaveArrived = false;
    for (;;) {
      try {
        await rest.request({ method: 'POST', path, body }, signal);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (mayHaveArrived && isRefusal(error, RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged))
          return true;
        const waitMs = error instanceof RateLimited ? error.retryAfterMs : RETRY_MS;
        if (error instanceof DiscordRefusal || clock.now() + waitMs > tooLateAtMs) {
          log.warn({ err: error, interaction: interaction.id }, 'could not acknowledge an interaction');
          return false;
        }
        mayHaveArrived ||= error instanceof DiscordFault;
        await clock.sleep(waitMs, signal);
      }
    }
  };

  const refuse: Acknowledge['refuse'] = async (interaction, text, signal) => {
    const [body] = noticeBodies(text);
    if (body === undefined) throw new Error('a notice takes at least one message');
    const data = { ...body, flags: body.flags | MessageFlags.Ephemeral };
    await respond(interaction, { type: InteractionResponseType.ChannelMessageWithSource, data }, signal);
  };

  return {
    respond,
    refuse,
    async handleOnce({ interaction, answerKey, surface, response }, work, signal) {
      const id = eventId(interaction.id);
      const place = interactionPlace(interaction, answerKey);
      let state: 'new' | 'known' | 'waiting' | 'failed' = 'waiting';
      const claiming = dispatch.claim({ id, place, surface, addressed: true }).then(
        (isNew) => {
          state = isNew ? 'new' : 'known';
        },
        (error: unknown) => {
          state = 'failed';
          log.error({ err: error, interaction: interaction.id }, 'could not store an interaction');
        },
      );
      await waitAtMost(clock, CLAIM_WITHIN_MS, claiming);
      const outcome = state as 'new' | 'known' | 'waiting' | 'failed';
      if (outcome === 'known') return;
      if (outcome !== 'new') {
        await refuse(interaction, dispatch.nameOperator(NOT_STORED), signal);
        await claiming;
        return dispatch.dropClaim(id);
      }
      try {
        if (!(await respond(interaction, response, signal))) return;
        await entitlements?.note(interaction);
        await work({ id, actor: interactionActor(interaction), place, surface });
        await surface.endThinking();
      } finally {
        await dispatch.dropClaim(id);
      }
    },
  };
}
