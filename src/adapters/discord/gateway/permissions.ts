import { type Channel, ChannelType, PermissionFlagsBits, PermissionsBitField } from 'discord.js';

/** What the bot needs, by the name under which people find it in Discord's settings. The invite asks for exactly these. */
export const PERMISSIONS = {
  ViewChannel: 'View Channels',
  SendMessages: 'Send Messages',
  SendMessagesInThreads: 'Send Messages in Threads',
  CreatePublicThreads: 'Create Public Threads',
  /** To answer as a reply, and to look what became of a send whose outcome is not known. */
  ReadMessageHistory: 'Read Message History',
  /** Charts and lists that a command brings, and images that a model makes. */
  AttachFiles: 'Attach Files',
  /** The hourglass on a question that waits its turn. */
  AddReactions: 'Add Reactions',
} as const satisfies Partial<Record<keyof typeof PermissionFlagsBits, string>>;

export type Permission = keyof typeof PERMISSIONS;

export const PERMISSION_BITS = (Object.keys(PERMISSIONS) as Permission[]).reduce(
  (bits, name) => bits | PermissionFlagsBits[name],
  0n,
);

/** Says whether the bot has a permission at some place. */
export type BotMay = (permission: Permission) => boolean;

/** What the bot may do in a channel, as far as discord.js knows it; a thread has its parent's permissions. */
export function botMayIn(channel: Channel, botId: string): BotMay {
  if (channel.isDMBased()) return () => true;
  const held = channel.permissionsFor(botId) ?? new PermissionsBitField();
  return (permission) => held.has(PermissionFlagsBits[permission]);
}

/** Whether a thread can start from a message here; in all other channels, and in threads, none can. */
export function takesThreads(type: ChannelType | undefined): boolean {
  return type === ChannelType.GuildText || type === ChannelType.GuildAnnouncement;
}

export function mayOpenThread(type: ChannelType | undefined, may: BotMay): boolean {
  return takesThreads(type) && may('CreatePublicThreads') && may('SendMessagesInThreads');
}

/** Names permissions as people find them: `**Send Messages** and **Attach Files**`. */
export function named(permissions: readonly Permission[]): string {
  return permissions.map((permission) => `**${PERMISSIONS[permission]}**`).join(' and ');
}
