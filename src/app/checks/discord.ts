// Must come before discord.js: after this check, the setup connects to its gateway.
import '../../adapters/discord/gateway/lead-gateway.ts';
import { PermissionFlagsBits, Routes } from 'discord.js';
import { z } from 'zod';
import { readApplication } from '../../adapters/discord/gateway/application.ts';
import { botPage, inviteLink } from '../../adapters/discord/gateway/invite.ts';
import { PERMISSIONS, type Permission } from '../../adapters/discord/gateway/permissions.ts';
import { registrationState } from '../../adapters/discord/gateway/registration.ts';
import { createRest, type DiscordRest } from '../../adapters/discord/rest/rest.ts';
import { createWriteLimiters } from '../../core/delivery/write-limiter.ts';
import { messageOf } from '../../core/kit/text/text.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import { StartError } from '../../core/ports/adapter.ts';
import type { CommandDeclaration } from '../../core/ports/command.ts';
import type { Fetch } from '../../core/ports/fetch.ts';
import type { Config } from '../config/variables.ts';
import { type Check, createFindings, type Findings } from './check.ts';

export interface DiscordCheckOptions {
  readonly config: Config;
  readonly commands: readonly CommandDeclaration[];
  readonly fetch: Fetch;
  readonly clock: Clock;
}

const TIMEOUT_MS = 15_000;
/** Servers whose permissions are checked: one page of Discord's list. */
const SERVERS = 200;

/** https://discord.com/developers/docs/resources/user#get-current-user-guilds */
const serversSchema = z.array(z.object({ id: z.string(), name: z.string(), permissions: z.string() }));

/** https://discord.com/developers/docs/topics/gateway#get-gateway-bot */
const gatewaySchema = z.object({
  session_start_limit: z.object({ remaining: z.number(), reset_after: z.number() }),
});

/** Checks token, intents, gateway, commands, and the permissions in each server. Changes nothing. */
export async function checkDiscord(options: DiscordCheckOptions): Promise<readonly Check[]> {
  const { config, fetch, clock } = options;
  const findings = createFindings('Discord');
  const { DISCORD_TOKEN: token, DISCORD_API_URL: apiUrl } = config;
  if (token === undefined) {
    findings.off('No bot token is set', 'Set DISCORD_TOKEN to answer on Discord; see docs/discord.md');
    return findings.checks;
  }
  const rest = createRest({ apiUrl, token, fetch, clock, limiters: createWriteLimiters(clock) });
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { id, name, messageContent } = await readApplication(rest, signal);
    findings.ok(`The token belongs to ${name} (${id})`);
    if (messageContent) findings.ok('Message Content Intent is on');
    else {
      findings.warn(
        'Message Content Intent is off, so people have to mention the bot in threads',
        `Switch it on at ${botPage(id)}`,
      );
    }
    await checkGateway(rest, findings, signal);
    await checkServers(rest, id, findings, signal);
    await checkCommands(rest, id, options, findings, signal);
  } catch (error) {
    findings.fail(...wordsOf(error));
  }
  return findings.checks;
}

async function checkGateway(rest: DiscordRest, { ok, warn }: Findings, signal: AbortSignal): Promise<void> {
  const answer = await rest.request({ method: 'GET', path: Routes.gatewayBot() }, signal);
  const { remaining, reset_after: resetMs } = gatewaySchema.parse(answer).session_start_limit;
  if (remaining > 0) return ok(`The bot may connect ${remaining} more times today`);
  warn(
    'The bot has connected so often today that Discord refuses more',
    `Wait ${Math.ceil(resetMs / 3_600_000)} hours, and find out in the log why it starts so often`,
  );
}

async function checkServers(
  rest: DiscordRest,
  applicationId: string,
  { ok, warn }: Findings,
  signal: AbortSignal,
): Promise<void> {
  const path = `${Routes.userGuilds()}?limit=${SERVERS}`;
  const servers = serversSchema.parse(await rest.request({ method: 'GET', path }, signal));
  const invite = inviteLink(applicationId);
  if (servers.length === 0) return warn('The bot is not in any server yet', `Invite it: ${invite}`);
  let complete = 0;
  for (const { name, id, permissions } of servers) {
    const missing = missingIn(BigInt(permissions));
    if (missing.length === 0) complete++;
    else {
      warn(
        `In the server ${name} (${id}) the bot lacks ${missing.map((each) => PERMISSIONS[each]).join(', ')}`,
        `Give them to the bot’s role, or invite it again, which keeps everything else: ${invite}`,
      );
    }
  }
  const many = servers.length === SERVERS ? ' (the first ones of more)' : '';
  if (complete > 0) ok(`In ${complete} of ${servers.length} servers${many} the bot has all permissions`);
}

function missingIn(bits: bigint): Permission[] {
  if ((bits & PermissionFlagsBits.Administrator) !== 0n) return [];
  return (Object.keys(PERMISSIONS) as Permission[]).filter(
    (name) => (bits & PermissionFlagsBits[name]) === 0n,
  );
}

async function checkCommands(
  rest: DiscordRest,
  applicationId: string,
  { config, commands }: DiscordCheckOptions,
  { ok, off, warn }: Findings,
  signal: AbortSignal,
): Promise<void> {
  const { DISCORD_COMMAND_GUILDS: guilds } = config;
  for (const guild of guilds.length === 0 ? [null] : guilds) {
    const where = guild === null ? '' : ` in the server ${guild}`;
    const state = await registrationState({ rest, applicationId, commands }, guild, signal);
    if (state === 'current') ok(`All ${commands.length} commands are registered${where}`);
    else if (state === 'none')
      off(`No commands are registered${where} yet`, 'The first start registers them');
    else warn(`The commands${where} are not those of this version`, 'The next start registers them');
  }
}

function wordsOf(error: unknown): [finding: string, remedy: string] {
  if (error instanceof StartError) return [error.message, error.remedy];
  return [
    `Unexpected answer from Discord: ${messageOf(error)}`,
    'Check https://discordstatus.com, then try again',
  ];
}
