import type { CommandInfo, OptionInfo } from '../wire.ts';

/**
 * The commands' syntax in the composer, the same as in Slack: `/name`, then `--flags` and `--option value`s (quotes hold
 * spaces together; `--` alone ends them), then the rest, verbatim, for the first option that takes a value and has none.
 */
export interface SlashInput {
  readonly name: string;
  readonly command: CommandInfo | undefined;
  readonly options: Readonly<Record<string, string | boolean>>;
  /** Why it cannot be sent as it is; null where it can. */
  readonly problem: string | null;
}

interface Token {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

interface Named {
  readonly name: string;
  /** Undefined where the command has no such option. */
  readonly option: OptionInfo | undefined;
  readonly value: Token | null;
}

/** What a walk over the arguments finds. */
interface Scan {
  readonly named: readonly Named[];
  /** Whether a `--` says that no more names follow. */
  readonly isEnded: boolean;
  /** Where the words begin that belong to no option by name. */
  readonly rest: number;
}

/** Null where the text is no command but something said. */
export function parseSlash(text: string, commands: readonly CommandInfo[]): SlashInput | null {
  const [head, name] = /^\/([a-z0-9-]*)(?=\s|$)/i.exec(text) ?? [];
  if (head === undefined || name === undefined) return null;
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  if (command === undefined) {
    return { name, command, options: {}, problem: name === '' ? 'Which command?' : `There is no /${name}.` };
  }
  const { named, rest } = scan(text, head.length, command);
  const options: Record<string, string | boolean> = {};
  let problem: string | null = null;
  for (const { name: given, option, value } of named) {
    if (option === undefined) problem ??= `/${command.name} has no --${given}.`;
    else if (option.type === 'flag') options[given] = true;
    else if (value === null) problem ??= `--${given} needs a value.`;
    else options[given] = unquoted(value.text);
  }
  const words = text.slice(rest).trim();
  const main = positional(command, options);
  if (words !== '') {
    if (main === undefined) problem ??= `/${command.name} takes no text.`;
    else options[main.name] = main.type === 'text' ? words : unquoted(unnamed(words, main));
  }
  for (const { name: given, maxChars } of command.options) {
    const value = options[given];
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
    const { named, isEnded, rest } = scan(before.slice(0, begun.index), start, command);
    if (rest === begun.index && !isEnded && !awaitsValue(named.at(-1))) {
      const isGiven = ({ name }: OptionInfo) => named.some((other) => other.name === name);
      const main = positional(command);
      // Nobody names what can be said without a name.
      const options = command.options.filter((option) => option !== main && !isGiven(option));
      const query = begun[1]?.toLowerCase() ?? '';
      return { kind: 'option', from: begun.index, to: caret, query, command, options };
    }
  }

  const { named, rest } = scan(before, start, command);
  const last = named.at(-1);
  if (rest === caret && last?.option !== undefined && last.option.type !== 'flag') {
    const { text: typed, from, to } = last.value ?? { text: '', from: caret, to: caret };
    const { option } = last;
    if (to === caret) return { kind: 'value', from, to, query: unquoted(typed), command, option };
  }
  const words = before.slice(rest);
  const main = positional(command, Object.fromEntries(named.map(({ name }) => [name, true])));
  if (main === undefined || main.type === 'text' || /\s/.test(words)) return null;
  return { kind: 'value', from: rest, to: caret, query: words, command, option: main };
}

function awaitsValue(named: Named | undefined): boolean {
  return named?.option !== undefined && named.option.type !== 'flag' && named.value === null;
}

/** The option that takes what is typed without a name. */
export function positional(
  command: CommandInfo,
  given: Readonly<Record<string, unknown>> = {},
): OptionInfo | undefined {
  return command.options.find(({ type, name }) => type !== 'flag' && given[name] === undefined);
}

/** The text with one more option, given before the words, and the caret where its value goes. */
export function withOption(
  text: string,
  command: CommandInfo,
  option: OptionInfo,
): { readonly text: string; readonly caret: number } {
  const { rest } = scan(text, command.name.length + 1, command);
  const head = `${text.slice(0, rest).trimEnd()} --${option.name} `;
  return { text: head + text.slice(rest), caret: head.length };
}

/** How an option's value is written so that it is read back as one. */
export function quoted(value: string): string {
  return /\s|^$|^"/.test(value) ? `"${value.replaceAll('"', "'")}"` : value;
}

const WORD = /\s*("[^"]*"?|\S+)/y;
/** Phones make a dash of two hyphens. */
const NAMED = /\s*(?:--|[—–])([a-z][a-z0-9_-]*)(?:=|(?=\s|$))/iy;
const NAME_BEGUN = /(?<=\s)(?:--?|[—–])([a-z0-9_-]*)$/i;
const END_OF_NAMED = /\s*--(?=\s|$)/y;
const SPACE = /\s*/y;

function scan(text: string, start: number, command: CommandInfo): Scan {
  const named: Named[] = [];
  let at = start;
  for (;;) {
    const match = matchAt(NAMED, text, at);
    if (match === null) break;
    at += match[0].length;
    const name = (match[1] ?? '').toLowerCase();
    const option = command.options.find((candidate) => candidate.name === name);
    const value = option === undefined || option.type === 'flag' ? null : wordAt(text, at);
    named.push({ name, option, value });
    at = value?.to ?? at;
  }
  const end = matchAt(END_OF_NAMED, text, at)?.[0].length ?? 0;
  const space = matchAt(SPACE, text, at + end)?.[0].length ?? 0;
  return { named, isEnded: end > 0, rest: at + end + space };
}

function wordAt(text: string, at: number): Token | null {
  const match = matchAt(WORD, text, at);
  const word = match?.[1];
  if (match === null || word === undefined) return null;
  const to = at + match[0].length;
  return { text: word, from: to - word.length, to };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** `/forget what:myself` is how Discord writes `/forget myself`, and so do messages that go to all platforms. */
function unnamed(words: string, { type, name }: OptionInfo): string {
  return type === 'choice' && words.startsWith(`${name}:`) ? words.slice(name.length + 1).trim() : words;
}

/** Why a text cannot be sent; null where it can. */
export function tooLong(what: string, { length }: string, maxChars: number): string | null {
  if (length <= maxChars) return null;
  const [is, most] = [length, maxChars].map((count) => count.toLocaleString('en-US'));
  return `Too long to be sent: ${what} has ${is} characters, and ${most} is the most.`;
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.replace(/^"|"$/g, '') : word;
}
