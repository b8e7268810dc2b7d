import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import { clip } from '../../../core/kit/text/text-size.ts';
import {
  type CommandDeclaration,
  inWordsOf,
  isAskedInForm,
  type Option,
} from '../../../core/ports/command.ts';
import { SIZES } from '../rest/sizes.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Entries in a message's menu. */
export const ASK_ABOUT = 'Ask about this';
export const DELETE_ANSWER = 'Delete this answer';

/** All commands and menu entries in Discord's form. */
export function declarationsOf(
  commands: readonly CommandDeclaration[],
  isGuildOnly: boolean,
): readonly Json[] {
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
