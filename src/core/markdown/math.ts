/** Formulas in LaTeX, taken out of a text: what looks like markup in them is none. */
export interface HiddenMath {
  /** The text with a character of the private use area for each formula. */
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

/** `growing`: a formula whose end has not come is one as well. A text that has private characters of its own is left alone. */
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

/** Puts the formulas back, with their delimiters, so that every character of them shows. */
export function showMath(text: string, formulas: readonly string[]): string {
  if (formulas.length === 0) return text;
  return text.replace(hidden, (char) => {
    const formula = formulas[char.charCodeAt(0) - firstHidden];
    return formula === undefined ? char : formula.replace(markup, '\\$&');
  });
}
