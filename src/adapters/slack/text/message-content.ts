import { clip, type SizeLimit, sizeOf } from '../../../core/kit/text/text-size.ts';
import { type Button, buttonRow } from '../../../core/ports/buttons.ts';
import type { MessageView } from '../../../core/ports/surface.ts';
import { SIZES } from '../api/sizes.ts';
import { type Json, SlackRefusal } from '../api/web-api.ts';
import type { Quirks } from '../api/workspace.ts';
import { toMrkdwn } from './mrkdwn.ts';
import { datesInWords, escapeText, hasDate, neutralise } from './neutralise.ts';

/** `text` and `blocks` of a message. */
export interface MessageContent {
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** Markdown that Slack renders, then the rest below it. `text` is for notifications and screen readers. */
export function contentOf(view: MessageView, quirks: Takes): MessageContent {
  const body = view.text === '' ? [] : [{ type: 'markdown', text: neutralise(view.text) }];
  return { text: shortText(saidIn(view)), blocks: [...body, ...tailOf(view, quirks)] };
}

/**
 * The same in plain sections, if Slack refuses the Markdown. Shorter, in case it was too long: Slack does not expand plain
 * text, and `text` is one line.
 */
export function plainContentOf(view: MessageView): MessageContent {
  return {
    text: firstLine(saidIn(view)),
    blocks: [...plainSections(view.text), ...tailOf(view, { takesFeedback: false })],
  };
}

export function plainSections(text: string): readonly Json[] {
  return cutToSize(neutralise(datesInWords(text)), SIZES.section).map(plainSection);
}

/** Note, buttons and footer. */
export function tailOf({ note, footer, buttons }: MessageView, quirks: Takes): readonly Json[] {
  return [
    ...(note === null ? [] : [plainSection(neutralise(clip(datesInWords(note), SIZES.note)))]),
    ...buttonBlocks(buttons, quirks),
    ...(footer === null
      ? []
      : [{ type: 'context', elements: [plainText(neutralise(clip(footer, SIZES.footer)))] }]),
  ];
}

/** A notice or question: Markdown only, or Slack's own markup if it contains a date. */
export function markdownContent(text: string): MessageContent {
  const block = hasDate(text)
    ? { type: 'section', text: { type: 'mrkdwn', text: toMrkdwn(text) } }
    : { type: 'markdown', text: neutralise(text) };
  return { text: shortText(text), blocks: [block] };
}

/** The same in plain sections, if Slack refuses the Markdown. */
export function plainNotice(text: string): MessageContent {
  return { text: firstLine(text), blocks: plainSections(text) };
}

/** A message with its buttons replaced; one without buttons gets none. */
export function withButtons(
  blocks: readonly Json[],
  buttons: readonly Button[],
  quirks: Takes,
): readonly Json[] {
  return blocks
    .filter(({ type }) => type !== 'context_actions')
    .flatMap((block) => (block['type'] === 'actions' ? buttonBlocks(buttons, quirks) : [block]));
}

type Takes = Pick<Quirks, 'takesFeedback'>;

/** `action_id` of Slack's own feedback pair; its value is what `parseFeedback` reads. */
export const FEEDBACK_ACTION = 'feedback';

/** The kind and answer of a press on Slack's own feedback pair; null if it is not ours. */
export function parseFeedback(value: string): Button | null {
  const [kind = '', answerId = ''] = value.split(':');
  return kind === 'good' || kind === 'bad' ? { kind, answerId } : null;
}

/**
 * Whether Slack refused a message because of its own feedback pair. From then on messages get plain buttons, and this one can
 * be sent again.
 */
export function notesRefusedFeedback(quirks: Takes, error: unknown): boolean {
  const isIt =
    quirks.takesFeedback &&
    error instanceof SlackRefusal &&
    /context_actions|feedback_buttons/.test(error.message);
  if (isIt) quirks.takesFeedback = false;
  return isIt;
}

function buttonBlocks(buttons: readonly Button[], { takesFeedback }: Takes): readonly Json[] {
  const [good, bad] = (['good', 'bad'] as const).map((wanted) => buttons.find(({ kind }) => kind === wanted));
  const isPair = takesFeedback && good !== undefined && bad !== undefined;
  const plain = isPair ? buttons.filter((button) => button !== good && button !== bad) : buttons;
  return [
    ...(plain.length === 0 ? [] : [{ type: 'actions', elements: plain.map(buttonOf) }]),
    ...(isPair ? [{ type: 'context_actions', elements: [feedbackPair(good, bad)] }] : []),
  ];
}

/** https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element */
function feedbackPair(good: Button, bad: Button): Json {
  const half = ({ kind, answerId }: Button) => {
    const { label, title = label } = buttonRow(kind);
    return {
      text: { type: 'plain_text', text: title },
      accessibility_label: title,
      value: `${kind}:${answerId}`,
    };
  };
  return {
    type: 'feedback_buttons',
    action_id: FEEDBACK_ACTION,
    positive_button: half(good),
    negative_button: half(bad),
  };
}

function buttonOf({ kind, answerId }: Button): Json {
  const { label, style } = buttonRow(kind);
  return {
    type: 'button',
    action_id: kind,
    value: answerId,
    text: { type: 'plain_text', text: label },
    ...(style && { style }),
  };
}

function plainSection(text: string): Json {
  return { type: 'section', text: plainText(text) };
}

function plainText(text: string): Json {
  return { type: 'plain_text', text, emoji: false };
}

function saidIn({ text, note }: MessageView): string {
  return [text, note ?? ''].filter((part) => part !== '').join('\n\n');
}

/** The `text` beside blocks: the whole text if it is short, else its beginning with `…`. */
export function shortText(text: string): string {
  const shown = neutralise(datesInWords(text));
  const isShort = sizeOf(shown, SIZES.wholeText.unit) <= SIZES.wholeText.max;
  return escapeText(isShort ? shown : clip(shown, SIZES.beginning));
}

const FIRST_LINE = { max: 150, unit: SIZES.beginning.unit } as const;

function firstLine(text: string): string {
  return escapeText(clip(neutralise(datesInWords(text).trim().split('\n', 1)[0] ?? ''), FIRST_LINE));
}

/** Cuts after a line, else after a word, if one ends in the second half of a piece; else between graphemes. */
export function cutToSize(text: string, limit: Pick<SizeLimit, 'max' | 'unit'>): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (sizeOf(rest, limit.unit) > limit.max) {
    const window = rest.slice(0, clip(rest, limit).length - 1 || Math.ceil(limit.max / 8));
    const end = [window.lastIndexOf('\n') + 1, window.lastIndexOf(' ') + 1].find(
      (place) => place > window.length / 2,
    );
    pieces.push(rest.slice(0, end ?? window.length));
    rest = rest.slice(end ?? window.length);
  }
  return [...pieces, rest].filter((piece) => piece.trim() !== '');
}
