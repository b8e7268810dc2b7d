import { METHODS } from './methods.ts';

/** Subscribed events, with their scopes. */
export const EVENTS = {
  app_home_opened: [],
  app_mention: ['app_mentions:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  'message.mpim': ['mpim:history'],
} as const satisfies Record<string, readonly string[]>;

/** Events only for the agent view. */
export const AGENT_EVENTS = ['agent_session_stopped'] as const;
export const AGENT_SCOPES = ['assistant:write'] as const;

/** Optional bot scopes, with what each adds. */
export const OPTIONAL_SCOPES = {
  'files:read': 'the bot can read files and pictures that people attach',
} as const satisfies Readonly<Record<string, string>>;

/** Required bot scopes, in alphabetical order. */
export const REQUIRED_SCOPES: readonly string[] = [
  ...new Set([
    'commands',
    ...Object.values(METHODS).flatMap((method): readonly string[] => method.scopes),
    ...Object.values(EVENTS).flat(),
  ]),
].toSorted();
