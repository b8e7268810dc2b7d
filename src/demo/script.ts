import * as texts from './texts.ts';

/** The demo's answer, and how it arrives. */
export interface Line {
  readonly text: string;
  /** Silence before the first word, in milliseconds, bridged by comments. */
  readonly delayMs: number;
  readonly wordsPerSecond: number;
  readonly sources: readonly { readonly url: string; readonly title: string }[];
  /** Whether it ends with an error. */
  readonly fails: boolean;
}

export interface Conversation {
  /** The person's messages, oldest first; the last one is to be answered. */
  readonly questions: readonly string[];
  readonly modelName: string;
  /** Whether the request lets the model search the web. */
  readonly webSearch: boolean;
}

/** A comfortable reading speed. */
const WORDS_PER_SECOND = 35;
/** A short pause before the first word, because an instant answer looks canned. */
const DELAY_MS = 300;

const MAX_QUOTED_CHARS = 80;

/** Words in a question that choose an answer; the first match counts. */
const cues: readonly (readonly [RegExp, Partial<Line> & Pick<Line, 'text'>])[] = [
  [/\berrors?\b|\bfail(s|ed|ure)?\b/i, { text: texts.failing, fails: true }],
  [/\bslow(ly)?\b/i, { text: texts.slow, delayMs: 6_000, wordsPerSecond: 4 }],
  [/(?<!\b(how|as|so|too|no)\s+)\blong(er)?\b/i, { text: texts.long }],
  [/\bmarkdown\b/i, { text: texts.markdown }],
  [/\btables?\b/i, { text: texts.table }],
  [/\bcode\b|\bfunction\b/i, { text: texts.code }],
  [/\bsearch\b/i, { text: texts.searchHint }],
];

const GREETING =
  /^\W*((hi|hello|hey|good (morning|afternoon|evening))\b.{0,20}|help|test|ping)\W*$|what (can|do) you do|(who|what) are you|what is parley/i;

/** Chooses an answer. The demo understands no language: it looks for a few words. */
export function choose({ questions: sent, modelName, webSearch }: Conversation): Line {
  const questions = withoutNames(sent.map(ownWords));
  const question = questions.at(-1) ?? '';
  const previous = questions.at(-2);
  const brought = namesIn(sent.at(-1) ?? '');
  if (webSearch) return line({ text: texts.search, sources: texts.searchSources });
  const cue = cues.find(([words]) => words.test(question));
  if (cue) return line(cue[1]);
  const isEmpty = question === '' && brought.length === 0;
  if (isEmpty || GREETING.test(question)) return line({ text: texts.welcome(modelName) });
  return line({
    text: texts.fallback(quote(question), modelName, {
      questions: questions.length,
      previous: previous === undefined ? null : quote(previous),
      brought: brought.map(quote),
    }),
  });
}

/** The person's own words in a message as models get it: without what was brought, and without the day. */
function ownWords(message: string): string {
  return message
    .replace(/<(quoted|file|image|now|summary)\b[^>]*(?:\/>|>[\s\S]*?<\/\1>)/g, '')
    .replace(/\(Today is [\d-]+\.\)\s*$/, '')
    .trim();
}

/** Names of its files and pictures. */
function namesIn(message: string): readonly string[] {
  return [...message.matchAll(/<(?:file|image) name="([^"]*)"/g)].map(([, name = '']) => name);
}

/** With several participants, each question begins with its author's name. */
function withoutNames(questions: readonly string[]): readonly string[] {
  const parts = questions.map((question) => /^([^:\n]{1,80}): (.*)$/s.exec(question));
  const names = new Set(parts.map((part) => part?.[1]));
  return names.size > 1 && !names.has(undefined) ? parts.map((part) => part?.[2] ?? '') : questions;
}

function line(parts: Partial<Line> & Pick<Line, 'text'>): Line {
  return { delayMs: DELAY_MS, wordsPerSecond: WORDS_PER_SECOND, sources: [], fails: false, ...parts };
}

/** The beginning of somebody's text on one line, in which nothing acts as Markdown. */
function quote(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()];
  const short =
    characters.length <= MAX_QUOTED_CHARS ? characters : [...characters.slice(0, MAX_QUOTED_CHARS - 1), '…'];
  return short.join('').replace(/[\\`*_~|<>[\]()#]/g, '\\$&');
}
