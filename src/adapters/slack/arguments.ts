import { type Command, isAskedInForm, type Option } from '../../core/command.ts';

export type Arguments =
  | { readonly ok: true; readonly options: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/** What a phone makes of `--`, too. */
const FLAG = /^(?:--|[—–])(?=[A-Za-z])([A-Za-z0-9_-]+)(?:=)?/;
const END_OF_FLAGS = /^--(?:\s+|$)/;
const QUOTES: Readonly<Record<string, string>> = { '"': '"', "'": "'", '“': '”', '‘': '’', '«': '»' };

/**
 * Reads the text behind a slash command: flags first (`--web`, `--model gpt-4o-mini`, `--model="…"`; an em dash counts as
 * `--`), then the rest, verbatim, for the first option that takes a value and was not given. A `--` by itself ends the flags.
 */
export function parseArguments(command: Command, text: string): Arguments {
  const options: Record<string, unknown> = {};
  let rest = text.trim();
  for (let flag = FLAG.exec(rest); flag !== null; flag = FLAG.exec(rest)) {
    const name = (flag[1] ?? '').toLowerCase();
    const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
    if (option === undefined) return unknownOption(command, name);
    if (Object.hasOwn(options, name)) return { ok: false, problem: `\`--${name}\` is given twice.` };
    rest = rest.slice(flag[0].length).trimStart();
    if (option.type === 'flag') {
      options[name] = true;
      continue;
    }
    const value = takeValue(rest);
    if (value === null)
      return { ok: false, problem: `\`--${name}\` needs a value: ${example(command, name)}.` };
    options[name] = value.text;
    rest = value.rest;
  }
  rest = rest.replace(END_OF_FLAGS, '');
  if (rest === '') return { ok: true, options };
  const taker = Object.entries(command.options).find(
    ([name, option]) => option.type !== 'flag' && !Object.hasOwn(options, name),
  );
  if (taker === undefined) {
    return {
      ok: false,
      problem: `\`/${command.name}\` has no use for “${rest.slice(0, 60)}”. ${usage(command)}`,
    };
  }
  const [name, option] = taker;
  options[name] = option.type === 'text' ? rest : unquote(rest);
  return { ok: true, options };
}

/** How a command is typed: `/ask [--model …] [--web] question`. */
export function usage(command: Command): string {
  const entries = isAskedInForm(command) ? [] : Object.entries(command.options);
  const taker = entries.find(([, option]) => option.type !== 'flag');
  const flags = entries
    .filter((entry) => entry !== taker)
    .map(([name, option]) => `[--${name}${valuePart(option)}]`);
  const rest = taker === undefined ? [] : [taker[1].required ? taker[0] : `[${taker[0]}]`];
  return `Type \`${[`/${command.name}`, ...flags, ...rest].join(' ')}\`.`;
}

function valuePart(option: Option): string {
  return option.type === 'flag' ? '' : ' …';
}

function example(command: Command, name: string): string {
  const option = command.options[name];
  const value = option?.type === 'choice' ? (option.choices[0]?.value ?? '…') : '…';
  return `\`/${command.name} --${name} ${value}\``;
}

function unknownOption(command: Command, name: string): Arguments {
  const shown = name.slice(0, 40);
  return {
    ok: false,
    problem: `\`/${command.name}\` has no option \`--${shown}\`. ${usage(command)} If your text starts with dashes, put \`--\` before it.`,
  };
}

/** The next word, or what stands in quotes. */
function takeValue(text: string): { readonly text: string; readonly rest: string } | null {
  const closing = QUOTES[text.charAt(0)];
  if (closing !== undefined) {
    const end = text.indexOf(closing, 1);
    if (end > 0) return { text: text.slice(1, end), rest: text.slice(end + 1).trimStart() };
  }
  const word = /^\S+/.exec(text)?.[0];
  return word === undefined ? null : { text: word, rest: text.slice(word.length).trimStart() };
}

function unquote(text: string): string {
  const closing = QUOTES[text.charAt(0)];
  return closing !== undefined && text.length > 1 && text.endsWith(closing) ? text.slice(1, -1) : text;
}
