import { z } from 'zod';
import { StartError } from '../../core/ports/adapter.ts';
import { isRefusal } from './api/errors.ts';
import { OPTIONAL_SCOPES, REQUIRED_SCOPES } from './api/scopes.ts';
import { SlackRefusal, type WebApi } from './api/web-api.ts';
import type { Identity } from './api/workspace.ts';

const APPS = 'Open https://api.slack.com/apps and choose your app';

const identitySchema = z.object({
  team_id: z.string(),
  /** The workspace's name. */
  team: z.string().default(''),
  user_id: z.string(),
  bot_id: z.string(),
  user: z.string().default('Parley'),
});

/**
 * Asks Slack who the bot is, and checks its scopes.
 * @throws StartError with the clicks that help
 */
export async function identify(
  api: WebApi,
  apiUrl: string,
  signal: AbortSignal,
): Promise<
  Identity & { readonly teamName: string; readonly notes: readonly string[]; readonly mayReadFiles: boolean }
> {
  const { data, scopes } = await api.call('auth.test', {}, signal).catch((error: unknown) => {
    throw tokenFault(error, apiUrl);
  });
  const missing = REQUIRED_SCOPES.filter((scope) => !scopes.includes(scope));
  if (scopes.length > 0 && missing.length > 0) {
    throw new StartError(
      `The Slack app lacks ${missing.length === 1 ? 'the bot scope' : 'the bot scopes'} ${missing.join(', ')}.`,
      `${APPS}, then OAuth & Permissions → Scopes → Bot Token Scopes → Add an OAuth Scope. Add the missing scopes, press “reinstall your app” in the bar at the top, and restart Parley. (\`npm run slack:manifest\` prints a manifest with all scopes.)`,
    );
  }
  const identity = identitySchema.safeParse(data);
  if (!identity.success) {
    throw new StartError(
      'SLACK_BOT_TOKEN is not a bot token.',
      `${APPS}, then OAuth & Permissions, and copy the Bot User OAuth Token (it begins with xoxb-).`,
    );
  }
  const { team_id: team, team: teamName, user_id: botUser, bot_id: botId, user: botName } = identity.data;
  const notes = Object.entries(OPTIONAL_SCOPES)
    .filter(([scope]) => scopes.length > 0 && !scopes.includes(scope))
    .map(
      ([scope, adds]) =>
        `Slack: with the bot scope ${scope}, ${adds}. ${APPS}, then OAuth & Permissions, add it and reinstall the app.`,
    );
  const mayReadFiles = scopes.length === 0 || scopes.includes('files:read');
  return { team, teamName, botUser, botId, botName, notes, mayReadFiles };
}

function tokenFault(error: unknown, apiUrl: string): unknown {
  if (isRefusal(error, 'invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive')) {
    return new StartError(
      `Slack does not accept SLACK_BOT_TOKEN (${(error as SlackRefusal).reason}).`,
      `${APPS}, then OAuth & Permissions, and copy the Bot User OAuth Token (it begins with xoxb-) into SLACK_BOT_TOKEN. If there is none, press “Install to Workspace” first.`,
      { cause: error },
    );
  }
  if (error instanceof SlackRefusal) {
    return new StartError(
      `Slack refused the start: ${error.reason}.`,
      `${APPS}, and check that it is installed and enabled.`,
      { cause: error },
    );
  }
  return unreachable(error, apiUrl);
}

/**
 * Asks Slack for the address of a socket, with an app-level token. Does not connect to it.
 * @throws StartError with the clicks that help
 */
export async function checkSocket(api: WebApi, apiUrl: string, signal: AbortSignal): Promise<void> {
  await api.call('apps.connections.open', {}, signal).catch((error: unknown) => {
    throw socketFault(error, apiUrl);
  });
}

/** Words a failure of the first Socket Mode connection, of Bolt's or our own client. */
export function socketFault(error: unknown, apiUrl: string): unknown {
  const refusal = error as { data?: { error?: unknown } } | null;
  const reason = error instanceof SlackRefusal ? error.reason : refusal?.data?.error;
  if (typeof reason !== 'string') return unreachable(error, apiUrl);
  return new StartError(
    `Slack refused a Socket Mode connection with SLACK_APP_TOKEN (${reason}).`,
    `${APPS}. Under Socket Mode, switch “Enable Socket Mode” on. Under Basic Information → App-Level Tokens, press “Generate Token and Scopes”, add the scope connections:write, and copy the token (it begins with xapp-) into SLACK_APP_TOKEN.`,
    { cause: error },
  );
}

function unreachable(error: unknown, apiUrl: string): StartError {
  return new StartError(
    `Slack cannot be reached at ${apiUrl}.`,
    'Check that this machine reaches the internet, and check SLACK_API_URL if it is set. Then restart Parley.',
    { cause: error },
  );
}
