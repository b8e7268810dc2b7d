/**
 * Parses options typed after a command on platforms without fields for them: Slack and the playground. `--option value`,
 * `--option=value` and `--flag` name an option. Words without a name fill the options that have no value yet, in order. If
 * the first option is text (a prompt), everything after the named options is its value, verbatim, but for its own name in
 * Discord's notation (`prompt:`). Otherwise names may stand before and after the words, and `option:value` names an option
 * too. A lone `--` ends the names; quotes hold words together.
 *
 * Imports nothing, because the playground's page loads this module as it is.
 */
export interface TypedOption {
  readonly name: string;
  readonly type: 'text' | 'secret' | 'model' | 'flag' | 'choice';
}

export interface TypedValue {
  /** Without the quotes. */
  readonly text: string;
  /** Its position in the text, quotes included. */
  readonly from: number;
  readonly to: number;
}

export interface NamedOption<O> {
  /** In lower case. */
  readonly name: string;
  /** Undefined if the command has no such option. */
  readonly option: O | undefined;
  /** Null for a flag, and if no value was typed. */
  readonly value: TypedValue | null;
}

export interface UnnamedValue<O> {
  /** Undefined if every option has a value already. */
  readonly option: O | undefined;
  readonly value: TypedValue;
}

export interface TypedOptions<O> {
  readonly named: readonly NamedOption<O>[];
  readonly unnamed: readonly UnnamedValue<O>[];
  /** The position where one more name can stand: the end, or before a `--` or verbatim text. */
  readonly namesEnd: number;
}

/** Phones turn two hyphens into a dash. */
const NAME = /(?:--|[—–])([a-z][a-z0-9_-]*)(?:=|(?=\s|$))/iy;
const SHOWN_NAME = /([a-z][a-z0-9_-]*):/iy;
const END_OF_NAMES = /--(?=\s|$)/y;
/**
 * An unclosed quote reaches to the end. A single quote may be an apostrophe, so its end is searched for in the next 1,000
 * characters only.
 */
const WORD = /"([^"]*)(?:"|$)|“([^”]*)(?:”|$)|«([^»]*)(?:»|$)|'([^']{0,1000})'|‘([^’]{0,1000})’|\S+/y;
const SPACE = /\s*/y;

/** Reads the options in `text` from `start` on. */
export function readTypedOptions<O extends TypedOption>(
  text: string,
  start: number,
  options: readonly O[],
): TypedOptions<O> {
  const main = positionalOf(options);
  const named: NamedOption<O>[] = [];
  /** Runs of words with no name between them. */
  const runs: TypedValue[][] = [[]];
  let namesEnd = text.length;

  const skipSpace = (from: number) => from + (matchAt(SPACE, text, from)?.[0].length ?? 0);
  const isGiven = ({ name }: O) => named.some((other) => other.name === name);

  function nameAt(from: number) {
    const match =
      matchAt(NAME, text, from) ?? (main?.type === 'text' ? null : matchAt(SHOWN_NAME, text, from));
    if (match === null) return null;
    const name = (match[1] ?? '').toLowerCase();
    const option = options.find((candidate) => candidate.name === name);
    const isName = !match[0].endsWith(':') || takesValue(option);
    return isName ? { name, option, to: from + match[0].length } : null;
  }

  /** Length of the first option's own name in Discord's notation: 0 if another name or text stands there. */
  function ownNameLength(from: number): number {
    const [shown = '', name = ''] = matchAt(SHOWN_NAME, text, from) ?? [];
    return name.toLowerCase() === main?.name ? shown.length : 0;
  }

  for (let at = skipSpace(start); at < text.length; at = skipSpace(at)) {
    const mayBeName = namesEnd === text.length;
    const found = mayBeName ? nameAt(at) : null;
    if (found !== null) {
      const { name, option, to } = found;
      const value = takesValue(option) ? wordAt(text, skipSpace(to)) : null;
      named.push({ name, option, value });
      runs.push([]);
      at = value?.to ?? to;
    } else if (mayBeName && matchAt(END_OF_NAMES, text, at) !== null) {
      namesEnd = at;
      at += 2;
    } else if (main?.type === 'text' && !isGiven(main)) {
      const from = mayBeName ? skipSpace(at + ownNameLength(at)) : at;
      const verbatim = text.slice(from).trimEnd();
      if (verbatim !== '') runs.push([{ text: verbatim, from, to: from + verbatim.length }]);
      namesEnd = Math.min(namesEnd, at);
      break;
    } else {
      const word = wordAt(text, at);
      if (word === null) break;
      runs.at(-1)?.push(word);
      at = word.to;
    }
  }

  const left = options.filter((option) => takesValue(option) && !isGiven(option));
  const unnamed: UnnamedValue<O>[] = [];
  for (const run of runs) {
    while (run.length > 0) {
      const option = left.shift();
      // Other values may have several words, such as the name of a model.
      const words = run.splice(0, option?.type === 'choice' ? 1 : run.length);
      unnamed.push({ option, value: joined(text, words) });
    }
  }
  return { named, unnamed, namesEnd };
}

/** The option that takes the first words without a name. */
export function positionalOf<O extends TypedOption>(options: readonly O[]): O | undefined {
  return options.find(takesValue);
}

function takesValue<O extends TypedOption>(option: O | undefined): option is O {
  return option !== undefined && option.type !== 'flag';
}

function wordAt(text: string, from: number): TypedValue | null {
  const match = matchAt(WORD, text, from);
  if (match === null) return null;
  const [word, ...quoted] = match;
  return { text: quoted.find((inside) => inside !== undefined) ?? word, from, to: from + word.length };
}

function joined(text: string, words: readonly TypedValue[]): TypedValue {
  const [first, last] = [words[0], words.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a value has no words');
  if (first === last) return first;
  return { text: text.slice(first.from, last.to), from: first.from, to: last.to };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
