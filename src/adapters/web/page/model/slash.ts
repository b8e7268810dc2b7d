import {
  type NamedOption,
  positionalOf,
  readTypedOptions,
  type TypedValue,
} from '../../../../core/kit/typed-options.ts';
import type { CommandInfo, OptionInfo } from '../../wire.ts';

/** What stands in the composer where it begins with a command's `/name`; the options behind it are read as in Slack. */
export interface SlashInput {
  readonly name: string;
  readonly command: CommandInfo | undefined;
  readonly options: Readonly<Record<string, string | boolean>>;
  /** Why it cannot be sent as it is; null where it can. */
  readonly problem: string | null;
}

/** Null where the text is no command but something said. */
export function parseSlash(text: string, commands: readonly CommandInfo[]): SlashInput | null {
  const [head, name] = /^\/([a-z0-9-]*)(?=\s|$)/i.exec(text) ?? [];
  if (head === undefined || name === undefined) return null;
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  if (command === undefined) {
    return { name, command, options: {}, problem: name === '' ? 'Which command?' : `There is no /${name}.` };
  }
  const { named, unnamed } = readTypedOptions(text, head.length, command.options);
  const options: Record<string, string | boolean> = {};
  let problem: string | null = null;
  for (const { name: given, option, value } of named) {
    if (option === undefined) problem ??= `/${command.name} has no --${given}.`;
    else if (Object.hasOwn(options, given)) problem ??= `--${given} is given twice.`;
    else if (option.type !== 'flag' && value === null) problem ??= `--${given} needs a value.`;
    else options[given] = value?.text ?? true;
  }
  for (const { option, value } of unnamed) {
    if (option !== undefined) options[option.name] = value.text;
    else if (positionalOf(command.options) === undefined) problem ??= `/${command.name} takes no text.`;
    else problem ??= `/${command.name} has no use for “${value.text}”.`;
  }
  for (const { name: given, maxChars, choices } of command.options) {
    const value = options[given];
    if (choices.length > 0 && value !== undefined && choices.every((choice) => choice.value !== value)) {
      problem ??= `${given} must be one of ${choices.map((choice) => choice.value).join(', ')}.`;
    }
    if (typeof value === 'string' && maxChars !== null) problem ??= tooLong(given, value, maxChars);
  }
  const missing = command.options.find((option) => option.required && options[option.name] === undefined);
  if (missing !== undefined) problem ??= `Needs ${missing.name}: ${missing.description}`;
  return { name, command, options, problem };
}

/** What is being typed at the caret, and what it may become. */
export type Completion =
  | { readonly kind: 'command'; readonly from: number; readonly to: number; readonly query: string }
  | {
      readonly kind: 'option';
      readonly from: number;
      readonly to: number;
      readonly query: string;
      readonly command: CommandInfo;
      /** Options that are not given yet. */
      readonly options: readonly OptionInfo[];
    }
  | {
      readonly kind: 'value';
      readonly from: number;
      readonly to: number;
      readonly query: string;
      readonly command: CommandInfo;
      readonly option: OptionInfo;
      readonly isNamed: boolean;
    };

/** Null where nothing can be completed. */
export function completionAt(
  text: string,
  caret: number,
  commands: readonly CommandInfo[],
): Completion | null {
  const before = text.slice(0, caret);
  if (/^\/\S*$/.test(before)) {
    const to = text.search(/\s|$/);
    return { kind: 'command', from: 0, to, query: before.slice(1).toLowerCase() };
  }
  const [head, name = ''] = /^\/([a-z0-9-]+)\s/i.exec(before) ?? [];
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  if (head === undefined || command === undefined) return null;
  const start = head.length - 1;

  const begun = NAME_BEGUN.exec(before);
  if (begun !== null) {
    const { named, unnamed, namesEnd } = readTypedOptions(
      before.slice(0, begun.index),
      start,
      command.options,
    );
    if (namesEnd === begun.index && !awaitsValue(named.at(-1))) {
      const given = [...named, ...unnamed].map(({ option }) => option);
      const main = positionalOf(command.options);
      // Nobody names what can be said without a name.
      const options = command.options.filter((option) => option !== main && !given.includes(option));
      const query = begun[1]?.toLowerCase() ?? '';
      return { kind: 'option', from: begun.index, to: caret, query, command, options };
    }
  }

  // Whose value it would be that grows or begins with one more character.
  const { named, unnamed } = readTypedOptions(`${before}x`, start, command.options);
  const grows = ({ value }: { readonly value: TypedValue | null }) => value?.to === caret + 1;
  const growing = named.find(grows) ?? unnamed.find(grows);
  if (growing?.option === undefined || growing.value === null) return null;
  const { option, value } = growing;
  const isNamed = 'name' in growing;
  const query = value.text.slice(0, -1);
  if ((option.type === 'text' && !isNamed) || /\s$/.test(query)) return null;
  return { kind: 'value', from: value.from, to: caret, query, command, option, isNamed };
}

function awaitsValue(named: NamedOption<OptionInfo> | undefined): boolean {
  return named?.option !== undefined && named.option.type !== 'flag' && named.value === null;
}

/** The text with one more option where its name can stand, and the caret where its value goes. */
export function withOption(
  text: string,
  command: CommandInfo,
  option: OptionInfo,
): { readonly text: string; readonly caret: number } {
  const { namesEnd } = readTypedOptions(text, command.name.length + 1, command.options);
  const head = `${text.slice(0, namesEnd).trimEnd()} --${option.name} `;
  return { text: head + text.slice(namesEnd), caret: head.length };
}

/** How an option's value is written so that it is read back as one. */
export function quoted(value: string): string {
  return /\s|^$|^"/.test(value) ? `"${value.replaceAll('"', "'")}"` : value;
}

const NAME_BEGUN = /(?<=\s)(?:--?|[—–])([a-z0-9_-]*)$/i;

/** Why a text cannot be sent; null where it can. */
export function tooLong(what: string, { length }: string, maxChars: number): string | null {
  if (length <= maxChars) return null;
  const [is, most] = [length, maxChars].map((count) => count.toLocaleString('en-US'));
  return `Too long to be sent: ${what} has ${is} characters, and ${most} is the most.`;
}
