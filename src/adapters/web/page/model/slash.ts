import {
  type NamedOption,
  positionalOf,
  readTypedOptions,
  type TypedValue,
} from '../../../../core/kit/typed-options.ts';
import type { CommandInfo, OptionInfo } from '../../wire.ts';

/** A mention of the bot. */
export const MENTION = /(?<![\w.])@parley\b/i;

/** A composer's text that begins with a command's `/name`; options are parsed as on Slack. */
export interface SlashInput {
  readonly name: string;
  readonly command: CommandInfo | undefined;
  readonly options: Readonly<Record<string, string | boolean>>;
  /** The reason why it cannot be sent; null if it can. */
  readonly problem: string | null;
}

/** Null if the text is a message rather than a command. */
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
    else problem ??= `/${command.name} does not take “${value.text}”.`;
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

/** The word at the caret, and its possible completions. */
export type Completion = { readonly from: number; readonly to: number; readonly query: string } & (
  | { readonly kind: 'command' }
  /** `options` are those not given yet. */
  | { readonly kind: 'option'; readonly command: CommandInfo; readonly options: readonly OptionInfo[] }
  | {
      readonly kind: 'value';
      readonly isNamed: boolean;
      readonly command: CommandInfo;
      readonly option: OptionInfo;
    }
);

/** Null if nothing can be completed. */
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
      // The main option needs no name.
      const options = command.options.filter((option) => option !== main && !given.includes(option));
      const query = begun[1]?.toLowerCase() ?? '';
      return { kind: 'option', from: begun.index, to: caret, query, command, options };
    }
  }

  // The option whose value would grow or begin with one more character.
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

/** The text with one more option in the place for names, and the caret at its value. */
export function withOption(
  text: string,
  command: CommandInfo,
  option: OptionInfo,
): { readonly text: string; readonly caret: number } {
  const { namesEnd } = readTypedOptions(text, command.name.length + 1, command.options);
  const head = `${text.slice(0, namesEnd).trimEnd()} --${option.name} `;
  return { text: head + text.slice(namesEnd), caret: head.length };
}

/** Quotes an option's value so that it is parsed as one. */
export function quoted(value: string): string {
  return /\s|^$|^"/.test(value) ? `"${value.replaceAll('"', "'")}"` : value;
}

const NAME_BEGUN = /(?<=\s)(?:--?|[—–])([a-z0-9_-]*)$/i;

/** The reason why a text cannot be sent; null if it can. */
export function tooLong(what: string, { length }: string, maxChars: number): string | null {
  if (length <= maxChars) return null;
  const [is, most] = [length, maxChars].map((count) => count.toLocaleString('en-US'));
  return `Too long: ${what} has ${is} characters, at most ${most} are allowed.`;
}
