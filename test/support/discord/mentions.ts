import type { MessageBody } from './limits.ts';

/** The people that a message would notify: `everyone`, `here`, `user:<id>`, `role:<id>`. */
export type Ping = string;

/** Default `allowed_mentions` differ: a bot's messages parse everything, interaction and webhook messages only users. */
export type Sender = 'bot' | 'webhook';

const ALL_BY_DEFAULT = {
  bot: ['users', 'roles', 'everyone'],
  webhook: ['users'],
} as const satisfies Record<Sender, readonly string[]>;

/** https://discord.com/developers/docs/resources/message#allowed-mentions-object */
export function pingsOf(
  content: string,
  allowed: MessageBody['allowed_mentions'],
  sender: Sender,
  repliesToUserId: string | null,
): Ping[] {
  const parse: readonly string[] = allowed ? (allowed.parse ?? []) : ALL_BY_DEFAULT[sender];
  const mentioned = mentionsIn(content);
  const users = mentioned.users.filter((id) => parse.includes('users') || allowed?.users?.includes(id));
  const roles = mentioned.roles.filter((id) => parse.includes('roles') || allowed?.roles?.includes(id));
  const repliedTo = repliesToUserId !== null && (allowed ? allowed.replied_user === true : true);
  const pings = [
    ...(parse.includes('everyone') ? mentioned.everyone : []),
    ...users.map((id) => `user:${id}`),
    ...roles.map((id) => `role:${id}`),
    ...(repliedTo ? [`user:${repliesToUserId}`] : []),
  ];
  return [...new Set(pings)];
}

/** The mentions that stand in a text, whether or not they notify anybody. */
export function mentionsIn(content: string): { users: string[]; roles: string[]; everyone: string[] } {
  return {
    users: [...content.matchAll(/<@!?(\d+)>/g)].map((match) => match[1] ?? ''),
    roles: [...content.matchAll(/<@&(\d+)>/g)].map((match) => match[1] ?? ''),
    everyone: [...content.matchAll(/@(everyone|here)\b/g)].map((match) => match[1] ?? ''),
  };
}
