import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
  Routes,
} from 'discord.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { clip } from '../../../core/kit/text-size.ts';
import {
  type CommandDeclaration,
  inWordsOf,
  isAskedInForm,
  type Option,
} from '../../../core/ports/command.ts';
import type { DiscordRest } from '../rest/rest.ts';
import { SIZES } from '../rest/sizes.ts';

type Json = Readonly<Record<string, unknown>>;

const registeredSchema = z.array(z.record(z.string(), z.unknown()));

export interface RegistrationOptions {
  readonly rest: DiscordRest;
  readonly applicationId: string;
  readonly commands: readonly CommandDeclaration[];
  readonly log: Logger;
}

/**
 * Makes Discord's commands equal to the declarations. Writes nothing if they are already, because Discord allows 200 new
 * commands a day. With `guildId` they are that guild's own, which appear at once, for development.
 */
export async function register(
  { rest, applicationId, commands, log }: RegistrationOptions,
  guildId: string | null,
  signal: AbortSignal,
): Promise<void> {
  if ((await registrationState({ rest, applicationId, commands }, guildId, signal)) === 'current') {
    log.debug({ discordGuild: guildId }, 'the commands are registered already');
    return;
  }
  const body = wantedCommands(commands, guildId);
  await rest.insist({ method: 'PUT', path: pathOf(applicationId, guildId), body }, signal);
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
  if (isEqual(registered, wantedCommands(commands, guildId))) return 'current';
  return registered.length === 0 ? 'none' : 'other';
}

function pathOf(applicationId: string, guildId: string | null): `/${string}` {
  return guildId === null
    ? Routes.applicationCommands(applicationId)
    : Routes.applicationGuildCommands(applicationId, guildId);
}

function wantedCommands(commands: readonly CommandDeclaration[], guildId: string | null): readonly Json[] {
  const isGuildOnly = guildId !== null;
  return [
    ...commands.map((command) => declarationOf(inWordsOf('discord', command), isGuildOnly)),
    ...[ASK_ABOUT, ...commands.flatMap(({ menu }) => menu ?? []), DELETE_ANSWER].map((name) =>
      menuEntry(name, isGuildOnly),
    ),
  ];
}

/** A command in Discord's form. Only global commands can say where and for whom they are installed. */
function declarationOf(command: CommandDeclaration, isGuildOnly: boolean): Json {
  return {
    type: ApplicationCommandType.ChatInput,
    name: command.name,
    ...(command.localNames ? { name_localizations: command.localNames } : {}),
    description: command.description,
    ...(command.localDescriptions ? { description_localizations: command.localDescriptions } : {}),
    options: isAskedInForm(command)
      ? []
      : Object.entries(command.options).map(([name, option]) => optionOf(name, option)),
    // A default that a guild's admins can change; core checks the role itself. Direct messages show all commands.
    default_member_permissions: command.role === 'member' ? null : PermissionFlagsBits.ManageGuild.toString(),
    ...(isGuildOnly ? {} : EVERYWHERE),
  };
}

const EVERYWHERE = {
  contexts: [
    InteractionContextType.Guild,
    InteractionContextType.BotDM,
    InteractionContextType.PrivateChannel,
  ],
  integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
} as const;

/** Entries in a message's menu. */
export const ASK_ABOUT = 'Ask about this';
export const DELETE_ANSWER = 'Delete this answer';

function menuEntry(name: string, isGuildOnly: boolean): Json {
  return {
    type: ApplicationCommandType.Message,
    name,
    default_member_permissions: null,
    ...(isGuildOnly ? {} : EVERYWHERE),
  };
}

function optionOf(name: string, option: Option): Json {
  const base = { name, description: option.description, required: option.required ?? false };
  switch (option.type) {
    case 'text':
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        max_length: Math.min(option.maxChars, SIZES.optionText.max),
      };
    case 'model':
      return { ...base, type: ApplicationCommandOptionType.String, autocomplete: true };
    case 'flag':
      return { ...base, type: ApplicationCommandOptionType.Boolean };
    case 'file':
      return { ...base, type: ApplicationCommandOptionType.Attachment };
    case 'secret':
      throw new TypeError('a secret is asked for in a form');
    case 'choice':
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        choices: option.choices.map(({ value, label }) => ({ name: clip(label, SIZES.choice), value })),
      };
  }
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
