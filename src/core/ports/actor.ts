import { PLATFORM_IDS, type Platform, platformRow } from './platforms.ts';

/**
 * A Discord server (`discord:<id>`), a Slack workspace (`slack:<team>`), the playground (`web:local`), or a guild of one
 * person for Discord DMs and user installs (`discord:dm:<user>`).
 */
export type GuildId = `${Platform}:${string}`;

export type Role = 'member' | 'admin' | 'operator';

/** The person who asked. An adapter builds it from what the platform says, never from what a client sends. */
export interface Actor {
  readonly guild: GuildId;
  /** The platform's opaque user id; on Slack `<team>/<user>`. */
  readonly user: string;
  /** Display name, for the model and for people. Not unique. */
  readonly name: string;
  /**
   * Whether the person belongs to another guild, in a channel that both share (Slack Connect). Outsiders have a tier of their
   * own; the guild's purchases and keys do not serve them. False by default; true if the platform does not say where the
   * person belongs.
   */
  readonly isOutsider?: boolean;
  /** Whether the person manages the guild (Discord: Manage Server; Slack: admin or owner). Asks each time; false in doubt. */
  managesGuild(): Promise<boolean>;
  /** Ids of the person's groups (Discord: roles; Slack: user groups); null if unknown. Asks the platform on each call. */
  groups(): Promise<readonly string[] | null>;
}

/** The party whose access counts: a guild, or a person in it. */
export type Whose = GuildId | Pick<Actor, 'guild' | 'isOutsider'>;

export function guildOf(whose: Whose): GuildId {
  return typeof whose === 'string' ? whose : whose.guild;
}

export function platformOf(guild: GuildId): Platform {
  return guild.slice(0, guild.indexOf(':')) as Platform;
}

function rowOf(guild: GuildId) {
  return platformRow(platformOf(guild));
}

/** Whether the guild is a single person: Discord's DMs and user installs. */
export function isGuildOfOne(guild: GuildId): boolean {
  return guild.startsWith('discord:dm:');
}

/** The guild in the words of its people: `this server`, `this workspace`, `this chat`. */
export function placeOf(guild: GuildId): string {
  return isGuildOfOne(guild) ? 'this chat' : `this ${rowOf(guild).guildWord}`;
}

/** The platform's word for a group of people: `role`, `user group`. */
export function groupWord(guild: GuildId): string {
  return rowOf(guild).groupWord ?? 'role';
}

/** Reads a guild id as an operator writes it; null if it is not one. */
export function parseGuildId(text: string): GuildId | null {
  const id = PLATFORM_IDS.find((platform) => text.startsWith(`${platform}:`));
  return id !== undefined && platformRow(id).guild.test(text.slice(id.length + 1)) ? (text as GuildId) : null;
}

/** The person as `OPERATORS` and the audit log name them: `<platform>:<user>`. */
export function accountOf({ guild, user }: Pick<Actor, 'guild' | 'user'>): string {
  return `${platformOf(guild)}:${user}`;
}

/** Looks up a person's role. Only the people in `OPERATORS`, written `<platform>:<user>`, are operators. */
export type Roles = (actor: Actor) => Promise<Role>;

/** @param operators entries of the form `<platform>:<user>` */
export function createRoles(operators: ReadonlySet<string>): Roles {
  return async (actor) => {
    if (operators.has(accountOf(actor))) return 'operator';
    return (await actor.managesGuild()) ? 'admin' : 'member';
  };
}

const RANK = { member: 0, admin: 1, operator: 2 } as const satisfies Record<Role, number>;

export function mayActAs(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/**
 * Whether an operator may see and change a guild, or all of them. No platform vouches for the playground's operator, who
 * reaches the playground alone.
 */
export function reaches(operator: Actor, guild: GuildId | 'all'): boolean {
  return rowOf(operator.guild).isVouched || guild === operator.guild;
}

/** Told to an operator who does not reach the guild that they asked for. */
export const OUT_OF_REACH = 'The playground can only reach `web:local`.';

export interface Person {
  /** As `Actor.user`. */
  readonly id: string;
  readonly name: string;
}

/** Everybody in a guild, if they are so few that a name identifies them; else null. */
export type PeopleIn = (guild: GuildId) => readonly Person[] | null;

/**
 * Reads the user id from text that names somebody in a guild: a mention (`<@42>`, `<@U42|mia>`), the id itself, or a name if
 * everybody is known. Null for anything else. Does not check that such a person exists.
 */
export function parseUser(text: string, guild: GuildId, everybody: readonly Person[] | null): string | null {
  if (everybody !== null) {
    const wanted = text.trim().replace(/^@/, '').toLowerCase();
    return everybody.find(({ id, name }) => [id, name.toLowerCase()].includes(wanted))?.id ?? null;
  }
  const id = /^(?:<@!?([A-Za-z0-9]+)(?:\|[^<>]*)?>|@?([A-Za-z0-9]+(?:\/[A-Za-z0-9]+)?))$/.exec(text.trim());
  const user = id?.[1] ?? id?.[2];
  if (user === undefined) return null;
  return rowOf(guild).user(user, guild.slice(guild.indexOf(':') + 1));
}

/**
 * Reads the group id from text that names a group of a guild: a mention (`<@&42>`, `<!subteam^S42|@team>`) or the id itself.
 * Null for anything else. Does not check that such a group exists.
 */
export function parseGroup(text: string, guild: GuildId): string | null {
  if (!hasGroups(guild)) return null;
  const id = rowOf(guild).group?.exec(text.trim());
  return id?.[1] ?? id?.[2] ?? null;
}

/** Whether the guild's platform has groups of people. */
export function hasGroups(guild: GuildId): boolean {
  return rowOf(guild).group !== null && !isGuildOfOne(guild);
}
