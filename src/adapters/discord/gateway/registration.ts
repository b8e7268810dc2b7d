import { isDeepStrictEqual } from 'node:util';
import { RESTJSONErrorCodes, Routes } from 'discord.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { StartError } from '../../../core/ports/adapter.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import { isForbidden, isRefusal } from '../rest/errors.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { declarationsOf, type Json } from './declarations.ts';
import { inviteLink } from './invite.ts';

const registeredSchema = z.array(z.record(z.string(), z.unknown()));

export interface RegistrationOptions {
  readonly rest: DiscordRest;
  readonly applicationId: string;
  readonly commands: readonly CommandDeclaration[];
  readonly log: Logger;
}

/**
 * Makes Discord's commands equal to the declarations.
 *
 * @param guilds servers that get the commands as their own, which appear at once, for development; if there are none, the
 * commands are global
 * @throws StartError if the bot may not register commands in one of these servers, or there is no such server
 */
export async function registerCommands(
  options: RegistrationOptions,
  guilds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { rest, applicationId, commands, log } = options;
  for (const guild of guilds.length === 0 ? [null] : guilds) {
    try {
      // Discord allows 200 new commands a day.
      if ((await registrationState(options, guild, signal)) === 'current') {
        log.debug({ discordGuild: guild }, 'the commands are registered already');
        continue;
      }
      const body = declarationsOf(commands, guild !== null);
      await rest.insist({ method: 'PUT', path: pathOf(applicationId, guild), body }, signal);
      log.info({ discordGuild: guild, commands: body.length }, 'registered the commands');
    } catch (error) {
      if (!isForbidden(error) && !isRefusal(error, RESTJSONErrorCodes.UnknownGuild)) throw error;
      throw new StartError(
        `The bot cannot register commands in the Discord server ${guild}: it was invited without "applications.commands", or not at all.`,
        `Open ${inviteLink(applicationId)} and add the bot to that server again; its settings stay.`,
        { cause: error },
      );
    }
  }
}

/** Whether Discord has the declared commands, other ones, or none. */
export async function registrationState(
  { rest, applicationId, commands }: Omit<RegistrationOptions, 'log'>,
  guildId: string | null,
  signal: AbortSignal,
): Promise<'current' | 'other' | 'none'> {
  const path = `${pathOf(applicationId, guildId)}?with_localizations=true`;
  const registered = registeredSchema.parse(await rest.insist({ method: 'GET', path }, signal));
  if (isEqual(registered, declarationsOf(commands, guildId !== null))) return 'current';
  return registered.length === 0 ? 'none' : 'other';
}

function pathOf(applicationId: string, guildId: string | null): `/${string}` {
  return guildId === null
    ? Routes.applicationCommands(applicationId)
    : Routes.applicationGuildCommands(applicationId, guildId);
}

/** The fields of commands, options and choices that are declared. Discord adds ids and others. */
const DECLARED = [
  'type',
  'name',
  'name_localizations',
  'description',
  'description_localizations',
  'default_member_permissions',
  'contexts',
  'integration_types',
  'required',
  'autocomplete',
  'max_length',
  'options',
  'choices',
  'value',
];

/** Compares only declared fields, whatever the order of commands. */
function isEqual(registered: readonly Json[], wanted: readonly Json[]): boolean {
  const byName = (commands: readonly Json[]) =>
    new Map(commands.map((command) => [`${command['type']} ${command['name']}`, essenceOf(command)]));
  return isDeepStrictEqual(byName(registered), byName(wanted));
}

function essenceOf(declaration: Json): Json {
  return Object.fromEntries(DECLARED.map((field) => [field, meantBy(declaration[field])]));
}

/** Null, false and empty values count as absent, because Discord leaves out defaults. Lists of plain values are sets. */
function meantBy(value: unknown): unknown {
  if (!Array.isArray(value)) return value || undefined;
  if (value.length === 0) return undefined;
  return typeof value[0] === 'object' ? value.map(essenceOf) : value.toSorted();
}
