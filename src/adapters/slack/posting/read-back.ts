import type { Json } from '../api/web-api.ts';
import { asTyped } from '../text/inbound-text.ts';
import { revive } from '../text/neutralise.ts';

/**
 * The Markdown of a message of the bot. Slack keeps a short one in `text`; for longer ones it may return its own rendering of
 * the block, of which the words without markup are used.
 */
export function readBack({
  text,
  blocks,
}: {
  readonly text: string;
  readonly blocks: readonly Json[];
}): string {
  const markdown = blocks.filter(({ type }) => type === 'markdown').map((block) => String(block['text']));
  if (markdown.length > 0) return revive(markdown.join('\n'));
  // `shortText` adds this if it leaves something out.
  if (!text.endsWith('…')) return revive(asTyped(text));
  return revive(
    blocks
      .filter(({ type }) => type === 'rich_text')
      .map(wordsOf)
      .join('\n'),
  );
}

/** An emoji from its code points, such as `1f44b-1f3fd`; a workspace's own emoji have none. */
function emojiOf(unicode: unknown): string | null {
  if (typeof unicode !== 'string' || !/^[0-9a-f]{2,5}(?:-[0-9a-f]{2,5})*$/.test(unicode)) return null;
  return String.fromCodePoint(...unicode.split('-').map((code) => Number.parseInt(code, 16)));
}

/** All text inside a rendered block, in order. */
function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join('');
  if (typeof value !== 'object' || value === null) return '';
  const { type, text, url, unicode, elements } = value as Json;
  const own = [text, url, emojiOf(unicode)].find((words) => typeof words === 'string') ?? '';
  const inner = wordsOf(elements);
  const isBlock = typeof type === 'string' && type.startsWith('rich_text_');
  return isBlock ? `${own}${inner}\n` : own + inner;
}
