import { Routes } from 'discord.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { StartError } from '../../../core/ports/adapter.ts';
import type { CommandDeclaration } from '../../../core/ports/command.ts';
import { isForbidden } from '../rest/errors.ts';
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
 * @throws StartError if the bot may not register commands in one of these servers
 */
export async function registerCommands(
  options: RegistrationOptions,
  guilds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const guild of guilds.length === 0 ? [null] : guilds) {
    try {
      await register(options, guild, signal);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      throw new StartError(
        `The bot cannot register commands in the Discord server ${guild}: it was invited without "applications.commands", or not at all.`,
        `Open ${inviteLink(options.applicationId)} and add the bot to that server again; its settings stay.`,
        { cause: error },
      );
    }
  }
}

/** Writes nothing if the commands are equal already, because Discord allows 200 new commands a day. */
async function register(
  { log, ...options }: RegistrationOptions,
  guildId: string | null,
  signal: AbortSignal,
): Promise<void> {
  if ((await registrationState(options, guildId, signal)) === 'current') {
    log.debug({ discordGuild: guildId }, 'the commands are registered already');
    return;
  }
  const body = declarationsOf(options.commands, guildId !== null);
  await options.rest.insist({ method: 'PUT', path: pathOf(options.applicationId, guildId), body }, signal);
  log.info({ discordGuild: guildId, commands: body.length }, 'registered the commands');
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

/** Compares only declared fields: Discord adds ids and omits defaults. */
function isEqual(registered: readonly Json[], wanted: readonly Json[]): boolean {
  const essence = (commands: readonly Json[]) =>
    JSON.stringify(
      commands.map(commandEssence).toSorted((a, b) => String(a['name']).localeCompare(String(b['name']))),
    );
  return essence(registered) === essence(wanted);
}

const COMMAND_FIELDS = [
  'type',
  'name',
  'name_localizations',
  'description',
  'description_localizations',
  'default_member_permissions',
  'contexts',
  'integration_types',
];
const OPTION_FIELDS = [
  'type',
  'name',
  'name_localizations',
  'description',
  'description_localizations',
  'required',
  'autocomplete',
  'max_length',
];

function commandEssence(command: Json): Json {
  const options = (command['options'] ?? []) as readonly Json[];
  return { ...pick(command, COMMAND_FIELDS), options: options.map(optionEssence) };
}

function optionEssence(option: Json): Json {
  const choices = (option['choices'] ?? []) as readonly Json[];
  return {
    ...pick(option, OPTION_FIELDS),
    choices: choices.map((choice) => pick(choice, ['name', 'value'])),
  };
}

/**
 * The fields in this order. Null, false and empty values (such as the description of a menu entry) count as absent, and lists
 * as sets.
 */
function pick(from: Json, fields: readonly string[]): Json {
  return Object.fromEntries(
    fields.map((field) => {
      const value = from[field];
      if (Array.isArray(value)) return [field, value.toSorted()];
      return [field, value === null || value === false || value === '' ? undefined : value];
    }),
  );
}
