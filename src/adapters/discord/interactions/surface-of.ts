import { ChannelType } from 'discord.js';
import { createInteractionSurface, type InteractionSurface } from '../answers/interaction-surface.ts';
import type { InteractionPlace } from '../answers/references.ts';
import { type BotMay, mayOpenThread } from '../gateway/permissions.ts';
import { isBotDm, isUserInstall } from '../gateway/places.ts';
import type { Received } from './context.ts';

/** Creates the surface for an interaction's answer, by the bot's permissions in that place. */
export function surfaceOf(
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
  return createInteractionSurface(discord, place, { isResumed: false, isOverheard });
}
