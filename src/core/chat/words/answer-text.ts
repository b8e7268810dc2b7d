import { formatUsd } from '../../kit/money.ts';
import { counted, oneLine } from '../../kit/text/text.ts';
import { formatDuration } from '../../kit/time/durations.ts';
import type { Bill } from '../../ledger/admitted-request.ts';
import type { Effort } from '../../ports/effort.ts';
import type { Model } from '../../ports/model.ts';
import type { ChatEvent, Citation } from '../../ports/provider.ts';
import type { NoticeFile } from '../../ports/surface.ts';

/** How an answer came about, for its footer. */
export interface FooterFacts {
  readonly model: Pick<Model, 'name'>;
  /** Name of the persona that answered; null for none. */
  readonly persona: string | null;
  /** The requested effort; null if the model decided. */
  readonly effort: Effort | null;
  /** The reason why another model than the chosen one answered; null if none did. */
  readonly because: string | null;
  readonly durationMs: number;
  /** How long the model reasoned; shown from one second on. */
  readonly thinkingMs: number;
  /** For example `read 14 messages, 1 file`; null for nothing. */
  readonly read: string | null;
}

/** One line: `GPT-4o mini · 3.2 s · 512 tokens · $0.0012`. Null if nothing was used, as after an immediate failure. */
export function footerOf(facts: FooterFacts, bill: Bill): string | null {
  if (bill.tokens === 0 && bill.costNanoUsd === 0) return null;
  const about = bill.exact ? '' : '≈ ';
  const cost = formatUsd(bill.costNanoUsd);
  const { persona, because, effort, durationMs, thinkingMs, read } = facts;
  return [
    persona,
    because === null ? facts.model.name : `${facts.model.name}, ${because}`,
    effort && `effort ${effort}`,
    formatDuration(durationMs),
    thinkingMs >= 1_000 && `thought for ${formatDuration(thinkingMs)}`,
    `${about}${counted(bill.tokens, 'token', 'tokens')}`,
    bill.costNanoUsd === 0 ? cost : (bill.atMost ? 'at most ' : about) + cost,
    read,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** An answer's sources as a numbered list to follow its text; empty if there are none. */
export function sourcesOf(citations: readonly Citation[]): string {
  if (citations.length === 0) return '';
  const lines = citations.map(
    ({ url, title }, index) => `${index + 1}. [${linkText(title ?? '') || hostOf(url)}](${linkTarget(url)})`,
  );
  return `\n\n**Sources**\n${lines.join('\n')}`;
}

const MAX_TITLE_CHARS = 120;

/** A page's title is a stranger's text, so nothing in it may act as Markdown. */
function linkText(title: string): string {
  return oneLine(title, MAX_TITLE_CHARS).replace(/[[\]\\`*_~<>&|]/g, '\\$&');
}

/** Escapes characters that would end the address early or begin markup. */
function linkTarget(url: string): string {
  return url.replace(
    /[()\s<>`*\\]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** An answer's image as a file for people, named like `image-1.png`. */
export function fileOf(
  { mediaType, bytes }: Extract<ChatEvent, { type: 'image' }>,
  number: number,
  { name }: Pick<Model, 'name'>,
): NoticeFile {
  const extension = mediaType.replace('image/', '').replace('jpeg', 'jpg');
  return {
    name: `image-${number}.${extension}`,
    mediaType,
    bytes,
    description: `Image ${number}, made by ${name}`,
  };
}

/** The answer as the model sees it in later turns; images are not sent again. */
export function textInHistory(text: string, images: number): string {
  if (images === 0 || text.trim() !== '') return text;
  return images === 1 ? '(an image)' : `(${images} images)`;
}
