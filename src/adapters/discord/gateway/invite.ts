import { OAuth2Scopes } from 'discord.js';
import { PERMISSION_BITS } from './permissions.ts';

/** The link that brings the bot into a guild, with the scopes and exactly the permissions that it needs. */
export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: PERMISSION_BITS.toString(),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

/** The page of the developer portal where the switches for an application's bot are. */
export function botPage(applicationId: string): string {
  return `https://discord.com/developers/applications/${applicationId}/bot`;
}
