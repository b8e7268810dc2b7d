import { cutText } from '../../../core/kit/text.ts';
import type { Button, ButtonKind, MessageView } from '../../../core/ports/surface.ts';
import type { Json } from '../api/web-api.ts';
import { escapeText, neutralise } from './neutralise.ts';

/** `text` and `blocks` of a message. */
export interface MessageContent {
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** An update whose `text` is longer is refused (`msg_too_long`). */
export const MAX_FALLBACK_CHARS = 4_000;
const MAX_SECTION_CHARS = 3_000;

export const BUTTON_LABELS = {
  stop: 'Stop',
  retry: 'Retry',
  continue: 'Continue',
} as const satisfies Record<ButtonKind, string>;

/** Markdown that Slack renders itself, then what stands below it. `text` is what notifications and screen readers take. */
export function contentOf(view: MessageView): MessageContent {
  const body = view.text === '' ? [] : [{ type: 'markdown', text: neutralise(view.text) }];
  return { text: fallbackOf(view), blocks: [...body, ...tailOf(view)] };
}

/** The same in plain sections, for content that Slack refuses as Markdown. */
export function plainContentOf(view: MessageView): MessageContent {
  return { text: fallbackOf(view), blocks: [...plainSections(view.text), ...tailOf(view)] };
}

export function plainSections(text: string): readonly Json[] {
  return cut(neutralise(text), MAX_SECTION_CHARS).map(plainSection);
}

/** Note, buttons and footer. */
export function tailOf({ note, footer, buttons }: MessageView): readonly Json[] {
  return [
    ...(note === null ? [] : [plainSection(neutralise(note))]),
    ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons.map(buttonOf) }]),
    ...(footer === null
      ? []
      : [{ type: 'context', elements: [{ type: 'plain_text', text: neutralise(footer), emoji: false }] }]),
  ];
}

/** A notice or a question: Markdown alone. */
export function markdownContent(text: string): MessageContent {
  const shown = neutralise(text);
  return { text: fallback(text), blocks: [{ type: 'markdown', text: shown }] };
}

/** The same message without its buttons. */
export function withoutButtons(blocks: readonly Json[]): readonly Json[] {
  return blocks.filter((block) => block['type'] !== 'actions');
}

function buttonOf({ kind, answerId }: Button): Json {
  return {
    type: 'button',
    action_id: kind,
    value: answerId,
    text: { type: 'plain_text', text: BUTTON_LABELS[kind] },
  };
}

function plainSection(text: string): Json {
  return { type: 'section', text: { type: 'plain_text', text, emoji: false } };
}

function fallbackOf({ text, note }: MessageView): string {
  return fallback([text, note ?? ''].filter((part) => part !== '').join('\n\n'));
}

function fallback(text: string): string {
  return clip(escapeText(neutralise(text)), MAX_FALLBACK_CHARS);
}

/** Cuts at a whole character and a whole entity. */
function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${cutText(text, maxChars - 1).replace(/&[a-z]{0,3}$/, '')}…`;
}

/** Cuts after a line, else after a word, else between characters. */
function cut(text: string, maxChars: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > maxChars) {
    const window = cutText(rest, maxChars);
    const end = window.lastIndexOf('\n') + 1 || window.lastIndexOf(' ') + 1 || window.length;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...pieces, rest].filter((piece) => piece.trim() !== '');
}
