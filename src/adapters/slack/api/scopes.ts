import { METHODS } from './methods.ts';

/** Events that the app subscribes to, with the scope that each needs. */
export const EVENTS = {
  app_home_opened: [],
  app_mention: ['app_mentions:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  'message.mpim': ['mpim:history'],
} as const satisfies Record<string, readonly string[]>;

/** What only the agent view needs. */
export const AGENT_EVENTS = { agent_session_stopped: [] } as const satisfies Record<
  string,
  readonly string[]
>;
export const AGENT_SCOPES = ['assistant:write'] as const;

/** Bot scopes without which the bot works, with what each adds. */
export const OPTIONAL_SCOPES = {
  'files:read': 'files and pictures that people bring are read',
} as const satisfies Readonly<Record<string, string>>;

/** Bot scopes without which something is missing for people, in alphabetical order. */
export const REQUIRED_SCOPES: readonly string[] = [
  ...new Set([
    'commands',
    ...Object.values(METHODS).flatMap((method): readonly string[] => method.scopes),
    ...Object.values(EVENTS).flat(),
  ]),
].toSorted();
