/** U+2060 WORD JOINER: shows nothing, and breaks the syntax of what it stands in. */
const WORD_JOINER = '\u2060';

/** `<` as a character or as any entity for it. */
const OPENING = '(<|&lt;|&#0*60;|&#x0*3c;)';

/** What Slack reads as a mention of people, groups or channels behind that … */
const MENTION = '!(?:channel|here|everyone|group|subteam)|@[uwb][a-z0-9]|#[cgd][a-z0-9]';
/** … and what may come to the same once escapes and entities of Markdown are taken for what they mean. */
const DISGUISED = String.raw`\\?(?:\\[!@#]|&(?:excl|commat|num|#0*(?:33|35|64)|#x0*(?:21|23|40));)[\w&]|[!@#]\w*&#?\w+;`;

const LIVE = new RegExp(`${OPENING}(?=${MENTION}|${DISGUISED})`, 'gi');
const NEUTRALISED = new RegExp(`${OPENING}${WORD_JOINER}`, 'gi');

/** What may still become live when more text comes. */
const MAY_BECOME_LIVE = /(?:<|&[#\w]{0,12};?)(?:[\\!@#&][\\!@#&;\w]{0,24})?$|[\uD800-\uDBFF]$/;

/**
 * Takes the life out of everything in a text that Slack reads as a mention: `<!channel>`, `<!here>`, `<@U…>`, `<#C…>`,
 * `<!subteam^…>`. It looks the same. An entity would do outside of code, but shows as one inside it; so a character that
 * shows nothing keeps `<` from its token, in code too. All else (HTML, generics, links) stays as it is.
 */
export function neutralise(text: string): string {
  return text.replace(LIVE, `$1${WORD_JOINER}`);
}

/** The text as it was before. */
export function revive(text: string): string {
  return text.replaceAll(NEUTRALISED, '$1');
}

/** The part of a growing, neutralised text that can be sent for good, by streams that only append. */
export function settledPart(text: string): string {
  return text.replace(MAY_BECOME_LIVE, '');
}

/** For `text` and mrkdwn fields: nothing in it is markup of Slack's any more. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What Slack shows as a date, in each reader's own time zone: in mrkdwn alone. */
const DATE = /<!date\^\d+\^[\w{} ]*\|([^<>]*)>/g;

export function hasDate(text: string): boolean {
  return text.search(DATE) >= 0;
}

/** For what is shown as it stands: dates in the words that they bring for that. */
export function datesInWords(text: string): string {
  return text.replace(DATE, '$1');
}

/** Has a text converted by `convert`, which leaves private characters alone, and keeps its dates as they are. */
export function keepingDates(text: string, convert: (text: string) => string): string {
  const dates: string[] = [];
  const marked = text.replace(DATE, (date) => String.fromCodePoint(FIRST_PRIVATE + dates.push(date) - 1));
  return dates.reduce(
    (done, date, index) => done.replace(String.fromCodePoint(FIRST_PRIVATE + index), () => date),
    convert(marked),
  );
}

/** Supplementary Private Use Area-B: no model and no person writes with it. */
const FIRST_PRIVATE = 0x10_0000;
