import { quoted } from '../kit/text/text.ts';
import type { Role } from './actor.ts';
import { broughtSchema, type FilePart } from './parts.ts';
import { type Platform, platformRow } from './platforms.ts';

/**
 * A command, declared once and free of platforms. Discord's application commands, Slack's argument parser and
 * manifest, the playground's menu, `/help` and the README's table are all made from it.
 */
export interface CommandDeclaration {
  /** Lower case, 1 to 32 of `[a-z0-9-]`. */
  readonly name: string;
  /** One line, at most 100 characters. `{guild}` stands for the platform's word, as in options and choices (`inWordsOf`). */
  readonly description: string;
  /** Name and description by Discord locale (`de`, `pt-BR`). Platforms without translations ignore them. */
  readonly localNames?: Readonly<Record<string, string>>;
  readonly localDescriptions?: Readonly<Record<string, string>>;
  /** In the order in which people are offered them; required ones first. */
  readonly options: Readonly<Record<string, Option>>;
  /** The least role that may run it. The handler may require more for single options. */
  readonly role: Role;
  /**
   * `private`: only the asker sees any of it. `answer`: it may open an answer for everybody, unless it has a flag named
   * `private` and that is set. Declared here because platforms need it before the handler runs.
   */
  readonly reply: 'private' | 'answer';
  /**
   * Entry in the menu of a message, at most 24 characters. It runs the command on that message's thread, for the asker alone
   * (with the flag `private`, if the command answers). None by default.
   */
  readonly menu?: string;
  /** Whether it works for people and in channels that a guild's access lists exclude. False by default. */
  readonly isOpenToAll?: boolean;
}

interface OptionOf<T extends string> {
  readonly type: T;
  /** One line, at most 100 characters. */
  readonly description: string;
  readonly required?: boolean;
}

export type Option =
  /** At most 6,000 characters, Discord's limit for a string option. */
  | (OptionOf<'text'> & { readonly maxChars: number })
  /**
   * A value that nobody else may see, such as an API key: at most 3,000 characters, Slack's limit for an input. Platforms ask
   * for all options of such a command in a form (`isAskedInForm`), because text typed after a command is shown, logged and
   * remembered everywhere.
   */
  | (OptionOf<'secret'> & { readonly maxChars: number })
  /** A model of the catalogue, by id or unambiguous short name. Platforms complete it through `Dispatch.suggest`. */
  | OptionOf<'model'>
  /** A file, on platforms whose commands take files. Elsewhere files come with the message (`Invocation.brought`). */
  | OptionOf<'file'>
  | OptionOf<'flag'>
  | ChoiceOption;

export interface ChoiceOption extends OptionOf<'choice'> {
  /** At most 25. */
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

export type OptionValue = string | boolean | FilePart;

type ValueOf<O extends Option> = O extends { type: 'flag' }
  ? boolean
  : O extends { type: 'choice'; choices: readonly { readonly value: infer V }[] }
    ? V
    : O extends { type: 'file' }
      ? FilePart
      : string;

/** The handler's input: every flag, every required option, and the other options that were given. */
export type OptionValues<S extends Readonly<Record<string, Option>>> = {
  readonly [K in keyof S as S[K] extends { required: true } | { type: 'flag' } ? K : never]: ValueOf<S[K]>;
} & {
  readonly [K in keyof S as S[K] extends { required: true } | { type: 'flag' } ? never : K]?: ValueOf<S[K]>;
};

/** An option that can be typed or asked for in a form. */
export type TypedOption = Exclude<Option, { type: 'file' }>;

type Optioned = Pick<CommandDeclaration, 'options'>;

/** A command's options without files, for platforms where commands are typed and files come with the message. */
export function typedOptions({ options }: Optioned): [string, TypedOption][] {
  return Object.entries(options).flatMap(([name, option]): [string, TypedOption][] =>
    option.type === 'file' ? [] : [[name, option]],
  );
}

/** The options with which a message's menu, or a button, runs a command for one person alone. */
export function optionsForOne({ options }: Optioned): Readonly<Record<string, boolean>> {
  return options['private'] === undefined ? {} : { private: true };
}

/** Whether the platform asks for the command's options in a form and accepts none with the command. */
export function isAskedInForm({ options }: Optioned): boolean {
  return Object.values(options).some(({ type }) => type === 'secret');
}

/** The declaration in the words of a platform: `{guild}` becomes `server` or `workspace`. */
export function inWordsOf<C extends CommandDeclaration>(platform: Platform, command: C): C {
  const words = (text: string) => text.replaceAll('{guild}', platformRow(platform).guildWord);
  const options = Object.entries(command.options).map(([name, option]) => {
    const described = { ...option, description: words(option.description) };
    if (described.type !== 'choice') return [name, described];
    const choices = described.choices.map((choice) => ({ ...choice, label: words(choice.label) }));
    return [name, { ...described, choices }];
  });
  return { ...command, description: words(command.description), options: Object.fromEntries(options) };
}

export type ParsedOptions =
  | { readonly ok: true; readonly values: Readonly<Record<string, OptionValue>> }
  | { readonly ok: false; readonly problem: string };

/** Checks options from a platform against the declaration. `problem` is a sentence for the asker. */
export function parseOptions(
  command: Pick<CommandDeclaration, 'name' | 'options'>,
  raw: Readonly<Record<string, unknown>>,
): ParsedOptions {
  const values: Record<string, OptionValue> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || value === null) continue;
    const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
    if (option === undefined) {
      const known = Object.keys(command.options).map((each) => `\`${each}\``);
      const takes = known.length === 0 ? 'It takes none.' : `It takes ${known.join(', ')}.`;
      return problem(`\`/${command.name}\` has no option ${quoted(name)}. ${takes}`);
    }
    const fault = faultOf(option, value);
    if (fault !== null) return problem(`\`${name}\` ${fault}`);
    const text = typeof value === 'string' ? value.trim() : (value as boolean | FilePart);
    if (text !== '') values[name] = text;
  }
  for (const [name, option] of Object.entries(command.options)) {
    if (option.type === 'flag') values[name] ??= false;
    else if (option.required && values[name] === undefined) {
      return problem(`\`/${command.name}\` needs \`${name}\`: ${lowerFirst(option.description)}.`);
    }
  }
  return { ok: true, values };
}

function faultOf(option: Option, value: unknown): string | null {
  switch (option.type) {
    case 'flag':
      return typeof value === 'boolean' ? null : 'takes no value.';
    case 'file':
      return broughtSchema.safeParse(value).success ? null : 'must be a file.';
    case 'choice':
      return option.choices.some((choice) => choice.value === value)
        ? null
        : `must be one of ${option.choices.map((choice) => `\`${choice.value}\``).join(', ')}.`;
    case 'model':
      return typeof value === 'string' && value.length <= 200
        ? null
        : 'must be the name of a model; see `/models`.';
    case 'text':
    case 'secret': {
      if (typeof value !== 'string') return 'must be text.';
      if (value.length <= option.maxChars) return null;
      return `is ${value.length} characters long; at most ${option.maxChars} are allowed.`;
    }
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function problem(text: string): ParsedOptions {
  return { ok: false, problem: text };
}
