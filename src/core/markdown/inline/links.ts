const urlPattern = /(?:https?:\/\/|www\.)[^\s<>`"。，、；：！？「」『』（）【】]*/y;
/** Characters after a URL that end a sentence, bracket or emphasis rather than belong to the URL. */
const behindUrl = '?!.,:;*_~\'")]|';
const labelPattern = /\[(?:\\.|[^\\[\]])*\]/y;
const partialLabelPattern = /\[(?:\\.|[^\\[\]])*$/y;
const whitespacePattern = /\s/;
const punctuationPattern = /[\p{P}\p{S}]/u;

/** The end of a bare URL, without trailing marks. Delimiters in `enders` are open, and end it. */
export function urlEnd(text: string, at: number, enders: readonly string[]): number {
  urlPattern.lastIndex = at;
  const url = urlPattern.exec(text)?.[0] ?? '';
  const ends = enders.map((ender) => url.indexOf(ender)).filter((index) => index > 0);
  let length = Math.min(url.length, ...ends);
  while (length > 1 && behindUrl.includes(url[length - 1] as string)) length--;
  return at + length;
}

/**
 * Parses the part after the `]` of a link's text: `(destination "title")` or `[reference]`. Returns its end; null if there is
 * none; `partial` if the text ends inside it or may begin it yet.
 */
export function linkTail(text: string, at: number): number | 'partial' | null {
  if (at === text.length) return 'partial';
  if (text[at] === '[') {
    labelPattern.lastIndex = partialLabelPattern.lastIndex = at;
    const label = labelPattern.exec(text);
    if (label) return at + label[0].length;
    return partialLabelPattern.test(text) ? 'partial' : null;
  }
  if (text[at] !== '(') return null;
  let next = skipSpace(text, at + 1);
  const destination = destinationEnd(text, next);
  if (destination === null) return null;
  next = skipSpace(text, destination);
  if (next > destination && next < text.length) {
    const quote = text[next] === '(' ? ')' : text[next];
    if (quote === '"' || quote === "'" || text[next] === '(') {
      for (next++; next < text.length && text[next] !== quote; next++) if (text[next] === '\\') next++;
      next = skipSpace(text, next + 1);
    }
  }
  if (next >= text.length) return 'partial';
  return text[next] === ')' ? next + 1 : null;
}

function destinationEnd(text: string, at: number): number | null {
  let next = at;
  if (text[at] === '<') {
    for (next++; next < text.length && text[next] !== '>'; next++) {
      if (text[next] === '\n' || text[next] === '<') return null;
      if (text[next] === '\\') next++;
    }
    return next + 1;
  }
  for (let depth = 0; next < text.length; next++) {
    const char = text[next] as string;
    if (whitespacePattern.test(char) || (char === ')' && depth === 0)) break;
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === '\\' && punctuationPattern.test(text[next + 1] ?? ' ')) next++;
  }
  return next;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && whitespacePattern.test(text[next] as string)) next++;
  return next;
}
