import type { CommandInfo, OptionInfo, Spot } from '../../wire.ts';
import { send } from '../model/actions.ts';
import { go } from '../model/navigation.ts';
import type { Page } from '../model/page.ts';
import { MENTION, parseSlash, tooLong, withOption } from '../model/slash.ts';
import { isDm, messagesAt, spotKey } from '../model/state.ts';
import { goToEnd } from '../parts/scroll.ts';
import { hasFiles, readyFiles } from './attachments.ts';
import { type Composer, draftAt, fieldAt, writeDraft } from './composer.ts';
import { closeMenu, complete, onMenuKey } from './menu.ts';

/** Sends what is in the field, with a mention of the bot before it if it `asks`. */
export function sendDraft(composer: Composer, spot: Spot, asks = false): void {
  const { page } = composer;
  const written = draftAt(composer, spot);
  if (written.trim() === '' && !hasFiles(composer, spot)) return;
  const text = `${asks ? '@Parley ' : ''}${written.trim()}`;
  const files = readyFiles(composer, spot);
  const words = files === null ? 'A file is still uploading.' : problemOf(page, text);
  if (words !== null || files === null) {
    composer.unsent = { key: spotKey(spot), text: written, words: words ?? '' };
    page.change();
    return;
  }
  closeMenu(composer);
  writeDraft(composer, spot, '');
  composer.files.delete(spotKey(spot));
  send(page, spot, text, files);
  goToEnd(fieldAt(spot));
}

/** Why the draft cannot be sent; null if it can. `isUrgent` if it was tried. */
export function problemAt(
  composer: Composer,
  spot: Spot,
): { readonly words: string; readonly isUrgent: boolean } | null {
  const { page, unsent } = composer;
  const text = draftAt(composer, spot);
  if (unsent?.key === spotKey(spot) && unsent.text === text) return { words: unsent.words, isUrgent: true };
  const words = problemOf(page, text);
  return words === null ? null : { words, isUrgent: false };
}

function problemOf({ state: { info } }: Page, text: string): string | null {
  return tooLong('this', text, info.maxMessageChars) ?? parseSlash(text, info.commands)?.problem ?? null;
}

/** Whether the draft would only reach the bot with a mention. */
export function lacksMention(composer: Composer, spot: Spot): boolean {
  const text = draftAt(composer, spot);
  const isTalk = text.trim() !== '' && !text.startsWith('/') && !MENTION.test(text);
  return isTalk && spot.thread === null && !isDm(composer.page.state, spot);
}

/** Inserts an option before the words, with the caret at its value. */
export function addOption(composer: Composer, spot: Spot, command: CommandInfo, option: OptionInfo): void {
  const { text, caret } = withOption(draftAt(composer, spot), command, option);
  writeDraft(composer, spot, text);
  const field = fieldAt(spot);
  field.focus();
  field.setSelectionRange(caret, caret);
  void complete(composer, spot);
}

export function onKey(composer: Composer, event: KeyboardEvent, spot: Spot): void {
  const { page } = composer;
  const { key, shiftKey, metaKey, ctrlKey, isComposing } = event;
  if (isComposing) return;
  if (onMenuKey(composer, event, spot)) event.preventDefault();
  else if (key === 'Enter' && !shiftKey) {
    event.preventDefault();
    sendDraft(composer, spot, (metaKey || ctrlKey) && lacksMention(composer, spot));
  } else if (key === 'ArrowUp' && draftAt(composer, spot) === '') {
    const { as } = page.state;
    const said = messagesAt(page.state, spot).filter(({ user, kind }) => kind === 'said' && user === as);
    if (said.length > 0) event.preventDefault();
    writeDraft(composer, spot, said.at(-1)?.text ?? '');
  } else if (key === 'Escape' && spot.thread !== null) {
    go(page, { channel: spot.channel, thread: null });
  }
}
