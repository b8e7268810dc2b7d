import { type Channel, ChannelType, PermissionFlagsBits, PermissionsBitField } from 'discord.js';

/** The permissions that the bot needs, by their names in Discord's settings. The invite asks for exactly these. */
export const PERMISSIONS = {
  ViewChannel: 'View Channels',
  SendMessages: 'Send Messages',
  SendMessagesInThreads: 'Send Messages in Threads',
  CreatePublicThreads: 'Create Public Threads',
  /** For answers as replies, and to check the outcome of an unclear send. */
  ReadMessageHistory: 'Read Message History',
  /** For charts and lists of commands, and images from models. */
  AttachFiles: 'Attach Files',
  /** For the hourglass on a waiting question. */
  AddReactions: 'Add Reactions',
} as const satisfies Partial<Record<keyof typeof PermissionFlagsBits, string>>;

export type Permission = keyof typeof PERMISSIONS;

export const PERMISSION_BITS = PermissionsBitField.resolve(Object.keys(PERMISSIONS) as Permission[]);

/** Whether the bot has a permission in some place. */
export type BotMay = (permission: Permission) => boolean;

/** The bot's permissions in a channel, as far as discord.js knows them; a thread has its parent's. */
export function botMayIn(channel: Channel, botId: string): BotMay {
  if (channel.isDMBased()) return () => true;
  const held = channel.permissionsFor(botId) ?? new PermissionsBitField();
  return (permission) => held.has(PermissionFlagsBits[permission]);
}

/** Whether a thread can start from a message in this type of channel. */
export function takesThreads(type: ChannelType | undefined): boolean {
  return type === ChannelType.GuildText || type === ChannelType.GuildAnnouncement;
}

export function mayOpenThread(type: ChannelType | undefined, may: BotMay): boolean {
  return takesThreads(type) && may('CreatePublicThreads') && may('SendMessagesInThreads');
}

/** Permissions as people find them: `**Send Messages** and **Attach Files**`. */
export function named(permissions: readonly Permission[]): string {
  return permissions.map((permission) => `**${PERMISSIONS[permission]}**`).join(' and ');
}
