import type { CommandInfo, OptionInfo, Spot } from '../../wire.ts';
import { send } from '../model/actions.ts';
import { go } from '../model/navigation.ts';
import type { Page } from '../model/page.ts';
import { parseSlash, tooLong, withOption } from '../model/slash.ts';
import { isDm, messagesAt, type State, spotKey } from '../model/state.ts';
import { goToEnd } from '../parts/scroll.ts';
import { type Attachments, createAttachments } from './attachments.ts';
import { createDrafts, type Drafts, fieldAt } from './drafts.ts';
import { createMenu, type OpenMenu } from './menu.ts';

/** The text fields, one for the channel and one for the thread. */
export interface Composer {
  readonly state: State;
  readonly drafts: Drafts;
  readonly attachments: Attachments;
  readonly menu: OpenMenu;
  /** Sends what is in the field, with a mention of the bot before it if it `asks` (default false). */
  send(spot: Spot, asks?: boolean): void;
  /** Why the draft cannot be sent; null if it can. `isUrgent` if it was tried. */
  problemAt(spot: Spot): { readonly words: string; readonly isUrgent: boolean } | null;
  /** Whether the draft would only reach the bot with a mention. */
  lacksMention(spot: Spot): boolean;
  /** Inserts an option before the words, with the caret at its value. */
  add(spot: Spot, command: CommandInfo, option: OptionInfo): void;
  onKey(event: KeyboardEvent, spot: Spot): void;
}

const MENTION = /(?<![\w.])@parley\b/i;

export function createComposer(page: Page): Composer {
  const { state, change } = page;
  const attachments = createAttachments(page);
  const drafts = createDrafts(page);
  const menu = createMenu(page, drafts);
  /** A text that was not sent, and why; shown until it changes. */
  let unsent: { readonly key: string; readonly text: string; readonly words: string } | null = null;

  function problemOf(text: string): string | null {
    const { commands, maxMessageChars } = state.info;
    return tooLong('this', text, maxMessageChars) ?? parseSlash(text, commands)?.problem ?? null;
  }

  function lacksMention(spot: Spot): boolean {
    const text = drafts.at(spot);
    const isTalk = text.trim() !== '' && !text.startsWith('/') && !MENTION.test(text);
    return isTalk && spot.thread === null && !isDm(state, spot);
  }

  function sendDraft(spot: Spot, asks = false): void {
    const written = drafts.at(spot);
    if (written.trim() === '' && !attachments.has(spot)) return;
    const text = `${asks ? '@Parley ' : ''}${written.trim()}`;
    const files = attachments.ready(spot);
    const words = files === null ? 'A file is still uploading.' : problemOf(text);
    if (words !== null || files === null) {
      unsent = { key: spotKey(spot), text: written, words: words ?? '' };
      change();
      return;
    }
    menu.close();
    drafts.write(spot, '');
    attachments.clear(spot);
    send(page, spot, text, files);
    goToEnd(fieldAt(spot));
  }

  return {
    state,
    drafts,
    attachments,
    menu,
    send: sendDraft,
    problemAt(spot) {
      const text = drafts.at(spot);
      if (unsent?.key === spotKey(spot) && unsent.text === text)
        return { words: unsent.words, isUrgent: true };
      const words = problemOf(text);
      return words === null ? null : { words, isUrgent: false };
    },
    lacksMention,
    add(spot, command, option) {
      const { text, caret } = withOption(drafts.at(spot), command, option);
      drafts.write(spot, text);
      const field = fieldAt(spot);
      field.focus();
      field.setSelectionRange(caret, caret);
      void menu.complete(spot);
    },
    onKey(event, spot) {
      const { key, shiftKey, metaKey, ctrlKey, isComposing } = event;
      if (isComposing) return;
      if (menu.onKey(event, spot)) event.preventDefault();
      else if (key === 'Enter' && !shiftKey) {
        event.preventDefault();
        sendDraft(spot, (metaKey || ctrlKey) && lacksMention(spot));
      } else if (key === 'ArrowUp' && drafts.at(spot) === '') {
        const said = messagesAt(state, spot).filter(({ user, kind }) => kind === 'said' && user === state.as);
        if (said.length > 0) event.preventDefault();
        drafts.write(spot, said.at(-1)?.text ?? '');
      } else if (key === 'Escape' && spot.thread !== null) {
        go(page, { channel: spot.channel, thread: null });
      }
    },
  };
}
