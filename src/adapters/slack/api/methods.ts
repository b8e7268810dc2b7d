/**
 * Every Web API method in use, with its tier (requests per minute and workspace) and required bot scopes. Rate limits and the
 * app's manifest derive from it. Source: docs.slack.dev/reference/methods.
 */
export const METHODS = {
  'agents.sessions.setStatus': { perMinute: 50, scopes: ['chat:write'] },
  'agents.sessions.rename': { perMinute: 50, scopes: ['chat:write'] },
  // With the app-level token, and only for the doctor; Bolt itself connects.
  'apps.connections.open': { perMinute: 20, scopes: [] },
  // Works in channels too, by docs.slack.dev/changelog/2026/03/05/set-status-scope-update.
  'assistant.threads.setStatus': { perMinute: 100, scopes: ['chat:write'] },
  'auth.test': { perMinute: 300, scopes: [] },
  'chat.appendStream': { perMinute: 100, scopes: ['chat:write'] },
  'chat.delete': { perMinute: 50, scopes: ['chat:write'] },
  'chat.getPermalink': { perMinute: 300, scopes: [] },
  'chat.postEphemeral': { perMinute: 100, scopes: ['chat:write'] },
  'chat.postMessage': { perMinute: 300, scopes: ['chat:write'] },
  'chat.startStream': { perMinute: 20, scopes: ['chat:write'] },
  'chat.stopStream': { perMinute: 20, scopes: ['chat:write'] },
  'chat.update': { perMinute: 50, scopes: ['chat:write'] },
  'conversations.history': {
    perMinute: 50,
    scopes: ['channels:history', 'groups:history', 'im:history', 'mpim:history'],
  },
  'conversations.info': {
    perMinute: 50,
    scopes: ['channels:read', 'groups:read', 'im:read', 'mpim:read'],
  },
  'conversations.open': { perMinute: 50, scopes: ['im:write'] },
  'conversations.replies': {
    perMinute: 50,
    scopes: ['channels:history', 'groups:history', 'im:history', 'mpim:history'],
  },
  'files.completeUploadExternal': { perMinute: 100, scopes: ['files:write'] },
  'files.delete': { perMinute: 50, scopes: ['files:write'] },
  // Needs `files:read`, which is optional.
  'files.info': { perMinute: 100, scopes: [] },
  'files.getUploadURLExternal': { perMinute: 100, scopes: ['files:write'] },
  'reactions.add': { perMinute: 50, scopes: ['reactions:write'] },
  'reactions.remove': { perMinute: 20, scopes: ['reactions:write'] },
  'usergroups.list': { perMinute: 20, scopes: ['usergroups:read'] },
  'users.conversations': {
    perMinute: 50,
    scopes: ['channels:read', 'groups:read', 'im:read', 'mpim:read'],
  },
  'users.info': { perMinute: 100, scopes: ['users:read'] },
  'users.list': { perMinute: 20, scopes: ['users:read'] },
  'views.open': { perMinute: 100, scopes: [] },
  'views.publish': { perMinute: 100, scopes: [] },
} as const satisfies Record<string, { readonly perMinute: number; readonly scopes: readonly string[] }>;

export type Method = keyof typeof METHODS;
