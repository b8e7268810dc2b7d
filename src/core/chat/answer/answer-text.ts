import { formatDuration } from '../../kit/durations.ts';
import { formatUsd } from '../../kit/money.ts';
import { oneLine } from '../../kit/text.ts';
import type { Effort } from '../../ports/effort.ts';
import type { Model } from '../../ports/model.ts';
import type { ChatEvent, Citation } from '../../ports/provider.ts';
import type { NoticeFile } from '../../ports/surface.ts';

/**
 * One line under an answer: `GPT-4o mini · 3.2 s · 512 tokens · $0.0012`. Null if nothing was used, as after an immediate
 * failure.
 */
export function footerOf(facts: {
  readonly model: Pick<Model, 'name'>;
  /** Name of the persona that answered; null for none. */
  readonly persona: string | null;
  /** The requested effort; null or left out if the model decided. */
  readonly effort?: Effort | null;
  /** The reason why another model than the chosen one answered; null if none did. */
  readonly because?: string | null;
  readonly durationMs: number;
  /** How long the model reasoned; shown from one second on. */
  readonly thinkingMs?: number;
  readonly tokens: number;
  readonly costNanoUsd: number;
  /** For example `read 14 messages, 1 file`. */
  readonly read?: string | null;
  /** Whether tokens and cost are the provider's own figures. */
  readonly exact: boolean;
  /** Whether the cost is the highest possible. */
  readonly atMost: boolean;
}): string | null {
  if (facts.tokens === 0 && facts.costNanoUsd === 0) return null;
  const about = facts.exact ? '' : '≈ ';
  const tokens = `${about}${facts.tokens.toLocaleString('en-US')} ${facts.tokens === 1 ? 'token' : 'tokens'}`;
  const cost =
    facts.costNanoUsd === 0
      ? formatUsd(0)
      : (facts.atMost ? 'at most ' : about) + formatUsd(facts.costNanoUsd);
  const { persona, because, effort, durationMs, thinkingMs = 0, read } = facts;
  const model = because ? `${facts.model.name}, ${because}` : facts.model.name;
  const thought = thinkingMs >= 1_000 && `thought for ${formatDuration(thinkingMs)}`;
  return [
    persona,
    model,
    effort && `effort ${effort}`,
    formatDuration(durationMs),
    thought,
    tokens,
    cost,
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
