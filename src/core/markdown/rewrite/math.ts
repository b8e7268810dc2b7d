/** LaTeX formulas, removed from a text because markup characters in them are not markup. */
export interface HiddenMath {
  /** The text with one private-use character per formula. */
  readonly text: string;
  readonly formulas: readonly string[];
}

const code = '(`+)(?!`)[^]*?[^`]\\1(?!`)';
const closedMath = String.raw`\\\([^]+?\\\)|\\\[[^]+?\\\]|\$\$[^$]+?\$\$|(?<![\w$\\])\$(?=[^\s$])[^$\n]*[\\^_{}][^$\n]*(?<=\S)\$(?![\w$])`;
const openMath = String.raw`\\\((?:(?!\\\))[^])*$|\\\[(?:(?!\\\])[^])*$|\$\$[^$]+$`;
const finished = new RegExp(`${code}|(${closedMath})`, 'g');
const unfinished = new RegExp(`${code}|(${closedMath}|${openMath})`, 'g');

const firstHidden = 0xe000;
const mostHidden = 0x1000;
const hidden = /[\ue000-\uefff]/g;
const markup = /[\\*_~`|<>#[\]]/g;

/** Replaces formulas; if `growing`, unfinished ones too. A text with private-use characters is left alone. */
export function hideMath(source: string, growing: boolean): HiddenMath {
  const formulas: string[] = [];
  if (!/\\[([]|\$/.test(source) || source.search(hidden) !== -1) return { text: source, formulas };
  const text = source.replace(growing ? unfinished : finished, (match, _run, formula: string | undefined) => {
    if (formula === undefined || formulas.length >= mostHidden) return match;
    formulas.push(formula);
    return String.fromCharCode(firstHidden + formulas.length - 1);
  });
  return { text, formulas };
}

/** Puts the formulas back with their delimiters, so that every character shows. */
export function showMath(text: string, formulas: readonly string[]): string {
  if (formulas.length === 0) return text;
  return text.replace(hidden, (char) => {
    const formula = formulas[char.charCodeAt(0) - firstHidden];
    return formula === undefined ? char : formula.replace(markup, '\\$&');
  });
}
