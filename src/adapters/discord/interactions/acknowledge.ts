import {
  type BaseInteraction,
  ChannelType,
  InteractionResponseType,
  MessageFlags,
  RESTJSONErrorCodes,
  Routes,
} from 'discord.js';
import { waitAtMost } from '../../../core/kit/time/deadline.ts';
import { RateLimited } from '../../../core/ports/delivery-errors.ts';
import type { InboundEvent } from '../../../core/ports/events.ts';
import { noticeBodies } from '../answers/content.ts';
import { InteractionSurface } from '../answers/interaction-surface.ts';
import type { InteractionPlace } from '../answers/references.ts';
import { type BotMay, mayOpenThread } from '../gateway/permissions.ts';
import { eventId, interactionActor, interactionPlace, isBotDm, isUserInstall } from '../gateway/places.ts';
import { DiscordFault, DiscordRefusal, isRefusal } from '../rest/errors.ts';
import type { Received } from './context.ts';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback */
const ACKNOWLEDGE_WITHIN_MS = 3_000;
/** Leaves time for the acknowledgement, or for a message about the failure. */
const CLAIM_WITHIN_MS = 1_500;
const RETRY_MS = 100;

const TRY_AGAIN = 'Try again in a minute; if it keeps happening, tell the operator of this bot.';
const NOT_STORED = `The bot cannot reach its database right now. ${TRY_AGAIN}`;
const TOO_LATE = `The bot is too busy right now, or its database does not answer. ${TRY_AGAIN}`;

/**
 * Sends the first response to an interaction; false if that has expired or was answered already. Discord waits three seconds
 * for it, and never repeats an interaction.
 */
export async function respond(
  { discord, interaction, signal }: Received<BaseInteraction>,
  type: InteractionResponseType,
  data?: object,
): Promise<boolean> {
  const { rest, clock, log } = discord;
  const path = Routes.interactionCallback(interaction.id, interaction.token);
  const tooLateAtMs = clock.now() + ACKNOWLEDGE_WITHIN_MS;
  let mayHaveArrived = false;
  for (;;) {
    try {
      await rest.request({ method: 'POST', path, body: { type, ...(data && { data }) } }, signal);
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
}

/** Responds with a private text only. */
export async function refuse(received: Received, text: string): Promise<void> {
  const [body] = noticeBodies(text);
  const data = { ...body, flags: body.flags | MessageFlags.Ephemeral };
  await respond(received, InteractionResponseType.ChannelMessageWithSource, data);
}

export interface Handling extends Pick<InteractionPlace, 'acknowledged' | 'isPrivate'> {
  /** `Place.key` of the message that it concerns, if any. */
  readonly answerKey: string | null;
}

/**
 * Claims an interaction in the store, acknowledges it and handles it. If the store does not answer within 1.5 s, the person
 * is told instead.
 */
export async function handleOnce(
  received: Received,
  { answerKey, ...kind }: Handling,
  work: (event: InboundEvent) => Promise<void>,
): Promise<void> {
  const { discord, dispatch, entitlements, interaction } = received;
  const { clock, log } = discord;
  const id = eventId(interaction.id);
  const place = interactionPlace(interaction, answerKey);
  const surface = surfaceOf(received, kind);
  const claiming = dispatch.claim({ id, place, surface, addressed: true }).catch((error: unknown) => {
    log.error({ err: error, interaction: interaction.id }, 'could not store an interaction');
    return null;
  });
  const isNew = await waitAtMost(clock, CLAIM_WITHIN_MS, claiming);
  if (isNew === false) return;
  if (!isNew) {
    const isLate = isNew === undefined;
    if (isLate) log.warn({ interaction: interaction.id }, 'could not store an interaction in time');
    await refuse(received, dispatch.nameOperator(isLate ? TOO_LATE : NOT_STORED));
    await claiming;
    return dispatch.dropClaim(id);
  }
  try {
    if (!(await acknowledge(received, kind))) return;
    await entitlements?.note(interaction);
    await work({ id, actor: interactionActor(interaction), place, surface });
    await surface.endThinking();
  } finally {
    await dispatch.dropClaim(id);
  }
}

/** "Thinking" announces an answer in a message of its own. */
function acknowledge(received: Received, { acknowledged, isPrivate }: Omit<Handling, 'answerKey'>) {
  if (acknowledged === 'silent') return respond(received, InteractionResponseType.DeferredMessageUpdate);
  const data = isPrivate ? { flags: MessageFlags.Ephemeral } : {};
  return respond(received, InteractionResponseType.DeferredChannelMessageWithSource, data);
}

/** Creates the surface for an interaction's answer, by the bot's permissions in that place. */
function surfaceOf(
  { discord, interaction, receivedAtMs }: Received,
  kind: Pick<InteractionPlace, 'acknowledged' | 'isPrivate'>,
): InteractionSurface {
  const { id, token, applicationId, channel, appPermissions } = interaction;
  const may: BotMay = (permission) => appPermissions.has(permission);
  const isMember = !isUserInstall(interaction) && interaction.inCachedGuild();
  const maySend = channel?.isThread() ? may('SendMessagesInThreads') : may('SendMessages');
  const isShut =
    channel?.type === ChannelType.PrivateThread && !channel.joined && !appPermissions.has('ManageThreads');
  const place: InteractionPlace = {
    kind: 'interaction',
    interaction: { id, token, applicationId, channelId: interaction.channelId ?? '', receivedAtMs },
    ...kind,
    botMayUseChannel: isBotDm(interaction) || (isMember && may('ViewChannel') && maySend && !isShut),
    canContinueInThread: isMember && mayOpenThread(channel?.type, may),
    newestId: null,
  };
  const isOverheard = isMember && channel?.isThread() === true && discord.caveat === undefined;
  return new InteractionSurface(discord, place, { isResumed: false, isOverheard });
}
