import type { MessageView, ReplyStatus, Surface } from '../ports/surface.ts';

export type LastStatus = Exclude<ReplyStatus, 'streaming'>;
/** The state in which a message stays. */
export type LastState = Pick<MessageView, 'note' | 'footer' | 'buttons' | 'files'> & {
  readonly status: LastStatus;
};

export const SEALED: LastState = { status: 'sealed', note: null, footer: null, buttons: [] };

/** The note if the platform does not accept the last state. */
const REFUSED = 'The platform refused to show part of the answer here.';

/** Whether the message does not change any more after this view. */
export function isLast(view: MessageView | null): view is MessageView & { readonly status: LastStatus } {
  return view !== null && view.status !== 'streaming';
}

/** The last view with a text. `before` is what an earlier process showed, of which nothing is taken back. */
export function lastView(
  text: string,
  { status, note, footer, buttons, files = [] }: LastState,
  before: string,
): MessageView {
  // The rest follows a sealed message, including text that it shows beyond its cut.
  const isBehind = status !== 'sealed' && said(text) < said(before);
  const whole = isBehind ? before : text;
  const shown = files.length === 0 ? {} : { files };
  return { text: whole, source: whole, status, note, footer, buttons, ...shown };
}

/** The last view after the platform refused one: the message keeps its content and notes that something is missing. */
export function refusedView(
  { text, source }: Pick<MessageView, 'text' | 'source'>,
  { status, footer, buttons }: LastState,
  surface: Surface,
): MessageView {
  const view = { text, source, status, note: REFUSED, footer, buttons };
  return isTooLong(view, surface) ? { ...view, note: null } : view;
}

/** Whether another process's message shows more than a last message may contain. */
export function isTooLong(view: MessageView, surface: Surface): boolean {
  const { lengthOf = (text: string) => text.length, maxChars } = surface.limits;
  const tailLength = surface.tailLength?.(view) ?? 0;
  return view.text !== '' && tailLength > 0 && lengthOf(view.text) + tailLength > maxChars;
}

/** The length of a text without the characters that close half-open markup. */
function said(text: string): number {
  return text.replace(/[\s*_~`|]/g, '').length;
}
