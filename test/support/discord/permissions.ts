import { PermissionFlagsBits } from 'discord.js';
import type { Channel, Guild, World } from './world.ts';

export type PermissionName = keyof typeof PermissionFlagsBits;

export function permissionBits(names: readonly PermissionName[]): bigint {
  return names.reduce((bits, name) => bits | PermissionFlagsBits[name], 0n);
}

const ALL = permissionBits(Object.keys(PermissionFlagsBits) as PermissionName[]);

/** The permissions of somebody in a guild, channel overwrites not counted. */
export function guildPermissions(guild: Guild, userId: string): bigint {
  if (guild.ownerId === userId) return ALL;
  const member = guild.members.get(userId);
  if (!member) return 0n;
  const roles = [guild.id, ...member.roleIds].map((id) => guild.roles.get(id)?.permissions ?? 0n);
  const bits = roles.reduce((all, each) => all | each, 0n);
  return bits & PermissionFlagsBits.Administrator ? ALL : bits;
}

/** https://discord.com/developers/docs/topics/permissions#permission-overwrites; a thread has its parent's. */
export function channelPermissions(world: World, channel: Channel, userId: string): bigint {
  if (channel.guildId === null) return channel.recipientIds.includes(userId) ? ALL : 0n;
  const guild = world.guilds.get(channel.guildId);
  if (!guild) return 0n;
  let bits = guildPermissions(guild, userId);
  if (bits & PermissionFlagsBits.Administrator) return ALL;
  const { overwrites } = channel.thread ? (world.channels.get(channel.parentId ?? '') ?? channel) : channel;
  const roleIds = guild.members.get(userId)?.roleIds ?? [];
  const applies = [
    overwrites.filter((each) => each.id === guild.id),
    overwrites.filter((each) => roleIds.includes(each.id)),
    overwrites.filter((each) => each.id === userId),
  ];
  for (const layer of applies) {
    for (const { deny } of layer) bits &= ~deny;
    for (const { allow } of layer) bits |= allow;
  }
  return bits & PermissionFlagsBits.ViewChannel ? bits : 0n;
}

export function may(world: World, channel: Channel, userId: string, permission: PermissionName): boolean {
  const needed = PermissionFlagsBits[permission];
  return (channelPermissions(world, channel, userId) & needed) === needed;
}
