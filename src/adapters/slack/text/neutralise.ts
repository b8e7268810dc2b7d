/** U+2060 WORD JOINER: invisible, and breaks the syntax around it. */
const WORD_JOINER = '\u2060';

/** `<` as a character or as any entity for it. */
const OPENING = '(<|&lt;|&#0*60;|&#x0*3c;)';

/** Markup that Slack reads as a mention of people, groups or channels after that … */
const MENTION = '!(?:channel|here|everyone|group|subteam)|@[uwb][a-z0-9]|#[cgd][a-z0-9]';
/** … and what may become the same once Markdown's escapes and entities are resolved. */
const DISGUISED = String.raw`\\?(?:\\[!@#]|&(?:excl|commat|num|#0*(?:33|35|64)|#x0*(?:21|23|40));)[\w&]|[!@#]\w*&#?\w+;`;

const LIVE = new RegExp(`${OPENING}(?=${MENTION}|${DISGUISED})`, 'gi');
const NEUTRALISED = new RegExp(`${OPENING}${WORD_JOINER}`, 'gi');

/** Text that may still become a mention when more text comes. */
const MAY_BECOME_LIVE = /(?:<|&[#\w]{0,12};?)(?:[\\!@#&][\\!@#&;\w]{0,24})?$|[\uD800-\uDBFF]$/;

/**
 * Disables everything in a text that Slack reads as a mention: `<!channel>`, `<!here>`, `<@U…>`, `<#C…>`, `<!subteam^…>`. The
 * text looks the same: an invisible character separates `<` from its token, in code too, where an entity would show.
 * Everything else (HTML, generics, links) stays as it is.
 */
export function neutralise(text: string): string {
  return text.replace(LIVE, `$1${WORD_JOINER}`);
}

/** Undoes `neutralise`. */
export function revive(text: string): string {
  return text.replaceAll(NEUTRALISED, '$1');
}

/** The part of a growing, neutralised text that is final, for streams that only append. */
export function settledPart(text: string): string {
  return text.replace(MAY_BECOME_LIVE, '');
}

/** Escapes a text for `text` and mrkdwn fields: nothing in it is Slack's markup any more. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A date that Slack shows in each reader's time zone; only in mrkdwn. */
const DATE = /<!date\^\d+\^[\w{} ]*\|([^<>]*)>/g;

export function hasDate(text: string): boolean {
  return text.search(DATE) >= 0;
}

/** Replaces dates by the words that they contain, for texts shown as they are. */
export function datesInWords(text: string): string {
  return text.replace(DATE, '$1');
}

/** Converts a text with `convert` but keeps its dates. `convert` must not change private-use characters. */
export function keepingDates(text: string, convert: (text: string) => string): string {
  const dates: string[] = [];
  const marked = text.replace(DATE, (date) => String.fromCodePoint(FIRST_PRIVATE + dates.push(date) - 1));
  return dates.reduce(
    (done, date, index) => done.replace(String.fromCodePoint(FIRST_PRIVATE + index), () => date),
    convert(marked),
  );
}

/** Supplementary Private Use Area-B, which neither models nor people use. */
const FIRST_PRIVATE = 0x10_0000;
