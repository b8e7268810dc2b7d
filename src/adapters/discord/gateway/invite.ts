import { OAuth2Scopes } from 'discord.js';
import { PERMISSION_BITS } from './permissions.ts';

/** The invite link, with the scopes and exactly the permissions that the bot needs. */
export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: PERMISSION_BITS.toString(),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

/** The bot's page of an application in the developer portal. */
export function botPage(applicationId: string): string {
  return `https://discord.com/developers/applications/${applicationId}/bot`;
}
