export type Platform = 'discord' | 'slack' | 'web';

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
   * Whether the person may manage the guild on its platform (Discord: Manage Server; Slack: workspace admin or
   * owner). Asked of the platform at each use; in doubt, false.
   */
  managesGuild(): Promise<boolean>;
}

export function platformOf(guild: GuildId): Platform {
  return guild.slice(0, guild.indexOf(':')) as Platform;
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
