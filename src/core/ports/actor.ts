import { PLATFORM_IDS, type Platform, platformRow } from './platforms.ts';

/**
 * A Discord guild (`discord:<id>`), a Slack workspace (`slack:<team>`), the playground (`web:local`),
 * or a guild of one for Discord DMs and user installs (`discord:dm:<user>`).
 */
export type GuildId = `${Platform}:${string}`;

export type Role = 'member' | 'admin' | 'operator';

/** The person who asked. Built by an adapter from what the platform says, never from what a client sends. */
export interface Actor {
  readonly guild: GuildId;
  /** The platform's opaque user id; on Slack `<team>/<user>`. */
  readonly user: string;
  /** Display name, for the model and for people; not unique. */
  readonly name: string;
  /**
   * Whether the person belongs to another guild, in a channel that both share (Slack Connect): they have a tier of their own, and
   * the guild's purchases and keys do not serve them. False by default; true if the platform does not say where they belong.
   */
  readonly isOutsider?: boolean;
  /**
   * Whether the person may manage the guild on its platform (Discord: Manage Server; Slack: workspace admin or
   * owner). Asked of the platform at each use; in doubt, false.
   */
  managesGuild(): Promise<boolean>;
  /**
   * Ids of the platform's own groups in the guild that the person is in (Discord: roles; Slack: user groups); null if
   * the platform does not say. Asked of the platform at each use.
   */
  groups(): Promise<readonly string[] | null>;
}

/** Whose access counts: a guild's, or that of somebody in it. */
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

/** Whether a guild is one person: Discord's DMs and user installs. */
export function isGuildOfOne(guild: GuildId): boolean {
  return guild.startsWith('discord:dm:');
}

/** A guild in words, as the people there call it. */
export function placeOf(guild: GuildId): string {
  return isGuildOfOne(guild) ? 'this chat' : `this ${rowOf(guild).guildWord}`;
}

/** What a group of people is called there: `role`, `user group`. */
export function groupWord(guild: GuildId): string {
  return rowOf(guild).groupWord ?? 'role';
}

/** Reads a guild's id as an operator writes it; null if it is none. */
export function parseGuildId(text: string): GuildId | null {
  const id = PLATFORM_IDS.find((platform) => text.startsWith(`${platform}:`));
  return id !== undefined && platformRow(id).guild.test(text.slice(id.length + 1)) ? (text as GuildId) : null;
}

/** Says what a person may do. Operators are those listed, as `<platform>:<user>`; nobody else becomes one. */
export type Roles = (actor: Actor) => Promise<Role>;

export function createRoles(operators: ReadonlySet<string>): Roles {
  return async (actor) => {
    if (operators.has(`${platformOf(actor.guild)}:${actor.user}`)) return 'operator';
    return (await actor.managesGuild()) ? 'admin' : 'member';
  };
}

const RANK = { member: 0, admin: 1, operator: 2 } as const satisfies Record<Role, number>;

export function mayActAs(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/**
 * Whether an operator may look at a guild (or at all of them) and act on it from where they are: the playground's operator,
 * whom no platform vouches for, stays in the playground.
 */
export function reaches(operator: Actor, guild: GuildId | 'all'): boolean {
  return rowOf(operator.guild).isVouched || guild === operator.guild;
}

/** For an operator who does not reach what they asked for. */
export const OUT_OF_REACH = 'The playground can only reach `web:local`.';

/** Somebody who can be named. */
export interface Person {
  /** As `Actor.user`. */
  readonly id: string;
  readonly name: string;
}

/** Everybody in a guild, if the platform has so few that their names are enough to name them; else null. */
export type PeopleIn = (guild: GuildId) => readonly Person[] | null;

/**
 * The user id in what a person wrote to name somebody in a guild: a mention (`<@42>`, `<@U42|mia>`) or the id itself, and
 * the name where everybody is known; null for anything else. Whether there is a person with an id is else the platform's to
 * know.
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
 * The id in what a person wrote to name a group of a guild: a mention (`<@&42>`, `<!subteam^S42|@team>`) or the id itself;
 * null for anything else. Whether there is such a group is the platform's to know.
 */
export function parseGroup(text: string, guild: GuildId): string | null {
  if (!hasGroups(guild)) return null;
  const id = rowOf(guild).group?.exec(text.trim());
  return id?.[1] ?? id?.[2] ?? null;
}

/** Whether a guild's platform groups its people. */
export function hasGroups(guild: GuildId): boolean {
  return rowOf(guild).group !== null && !isGuildOfOne(guild);
}
