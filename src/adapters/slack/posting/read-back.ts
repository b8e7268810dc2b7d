import { z } from 'zod';
import { asArray, asObject } from '../../../core/kit/json.ts';
import { type ListArgs, messagesAt, type Spot } from '../api/pages.ts';
import type { Json } from '../api/web-api.ts';
import type { Workspace } from '../api/workspace.ts';
import { asTyped } from '../text/inbound-text.ts';
import { revive } from '../text/neutralise.ts';

const ownMessage = z.object({
  ts: z.string(),
  text: z.string().default(''),
  blocks: z.array(z.record(z.string(), z.unknown())).default([]),
  metadata: z.unknown().optional(),
});
export type OwnMessage = z.infer<typeof ownMessage>;

/** The bot's own messages among those of `messagesAt`. */
export async function* ownMessages(
  workspace: Workspace,
  spot: Spot,
  range: ListArgs,
  signal: AbortSignal,
): AsyncGenerator<OwnMessage> {
  for await (const raw of messagesAt(workspace, spot, range, signal)) {
    if (asObject(raw)?.['bot_id'] === workspace.botId) yield ownMessage.parse(raw);
  }
}

/** The kinds of the answer's buttons on a message. */
export function buttonsOf({ blocks }: OwnMessage, answerId: string): string[] {
  return blocks
    .flatMap(({ elements }) => asArray(elements).map((element) => asObject(element)))
    .filter((element) => element?.['type'] === 'button' && element['value'] === answerId)
    .map((element) => String(element?.['action_id']));
}

/** The possible difference between Slack's clock and ours. */
const CLOCK_SKEW_MS = 120_000;

/** `oldest` for messages that were written after a time, by our clock. */
export function oldestAfter(atMs: number): string {
  return ((atMs - CLOCK_SKEW_MS) / 1_000).toFixed(6);
}

/**
 * The Markdown of a message of the bot. Slack keeps a short one in `text`; for longer ones it may return its own rendering of
 * the block, of which the words without markup are used.
 */
export function readBack({ text, blocks }: Pick<OwnMessage, 'text' | 'blocks'>): string {
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
