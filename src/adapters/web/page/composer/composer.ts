import type { CommandInfo, OptionInfo, Spot } from '../../wire.ts';
import { send } from '../model/actions.ts';
import { go } from '../model/navigation.ts';
import type { Page } from '../model/page.ts';
import { MENTION, parseSlash, tooLong, withOption } from '../model/slash.ts';
import { isDm, messagesAt, spotKey } from '../model/state.ts';
import { goToEnd } from '../parts/scroll.ts';
import { type Attachments, createAttachments } from './attachments.ts';
import { createDrafts, type Drafts, fieldAt } from './drafts.ts';
import { createMenu, type OpenMenu } from './menu.ts';

/** The text fields, one for the channel and one for the thread. */
export interface Composer {
  readonly page: Page;
  readonly drafts: Drafts;
  readonly attachments: Attachments;
  readonly menu: OpenMenu;
  /** A text that was not sent, and why; shown until it changes. */
  unsent: { readonly key: string; readonly text: string; readonly words: string } | null;
}

export function createComposer(page: Page): Composer {
  const drafts = createDrafts(page);
  const menu = createMenu(page, drafts);
  return { page, drafts, menu, attachments: createAttachments(page), unsent: null };
}

/** Sends what is in the field, with a mention of the bot before it if it `asks`. */
export function sendDraft(composer: Composer, spot: Spot, asks = false): void {
  const { page, drafts, attachments, menu } = composer;
  const written = drafts.at(spot);
  if (written.trim() === '' && !attachments.has(spot)) return;
  const text = `${asks ? '@Parley ' : ''}${written.trim()}`;
  const files = attachments.ready(spot);
  const words = files === null ? 'A file is still uploading.' : problemOf(page, text);
  if (words !== null || files === null) {
    composer.unsent = { key: spotKey(spot), text: written, words: words ?? '' };
    page.change();
    return;
  }
  menu.close();
  drafts.write(spot, '');
  attachments.clear(spot);
  send(page, spot, text, files);
  goToEnd(fieldAt(spot));
}

/** Why the draft cannot be sent; null if it can. `isUrgent` if it was tried. */
export function problemAt(
  { page, drafts, unsent }: Composer,
  spot: Spot,
): { readonly words: string; readonly isUrgent: boolean } | null {
  const text = drafts.at(spot);
  if (unsent?.key === spotKey(spot) && unsent.text === text) return { words: unsent.words, isUrgent: true };
  const words = problemOf(page, text);
  return words === null ? null : { words, isUrgent: false };
}

function problemOf({ state: { info } }: Page, text: string): string | null {
  return tooLong('this', text, info.maxMessageChars) ?? parseSlash(text, info.commands)?.problem ?? null;
}

/** Whether the draft would only reach the bot with a mention. */
export function lacksMention({ page, drafts }: Composer, spot: Spot): boolean {
  const text = drafts.at(spot);
  const isTalk = text.trim() !== '' && !text.startsWith('/') && !MENTION.test(text);
  return isTalk && spot.thread === null && !isDm(page.state, spot);
}

/** Inserts an option before the words, with the caret at its value. */
export function addOption(
  { drafts, menu }: Composer,
  spot: Spot,
  command: CommandInfo,
  option: OptionInfo,
): void {
  const { text, caret } = withOption(drafts.at(spot), command, option);
  drafts.write(spot, text);
  const field = fieldAt(spot);
  field.focus();
  field.setSelectionRange(caret, caret);
  void menu.complete(spot);
}

export function onKey(composer: Composer, event: KeyboardEvent, spot: Spot): void {
  const { page, drafts, menu } = composer;
  const { key, shiftKey, metaKey, ctrlKey, isComposing } = event;
  if (isComposing) return;
  if (menu.onKey(event, spot)) event.preventDefault();
  else if (key === 'Enter' && !shiftKey) {
    event.preventDefault();
    sendDraft(composer, spot, (metaKey || ctrlKey) && lacksMention(composer, spot));
  } else if (key === 'ArrowUp' && drafts.at(spot) === '') {
    const { as } = page.state;
    const said = messagesAt(page.state, spot).filter(({ user, kind }) => kind === 'said' && user === as);
    if (said.length > 0) event.preventDefault();
    drafts.write(spot, said.at(-1)?.text ?? '');
  } else if (key === 'Escape' && spot.thread !== null) {
    go(page, { channel: spot.channel, thread: null });
  }
}
