import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { CommandInfo, OptionInfo, Spot } from '../../wire.ts';
import type { Page } from '../model/page.ts';
import { parseSlash, tooLong, withOption } from '../model/slash.ts';
import { channelOf, isDm, messagesAt, type State, spotKey } from '../model/state.ts';
import { icons } from '../parts/icons.ts';
import { goToEnd } from '../parts/scroll.ts';
import { createAttachments } from './attachments.ts';
import { createDrafts } from './drafts.ts';
import { fieldAt, fieldId } from './field.ts';
import { createMenu } from './menu.ts';
import { menuView, signature } from './menu-view.ts';

/** The text fields, one for the channel and one for the thread. */
export interface Composer {
  view(spot: Spot): TemplateResult;
  attach(spot: Spot, files: FileList): void;
}

const COMMAND_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';
const MENTION = /(?<![\w.])@parley\b/i;

export function createComposer(page: Page): Composer {
  const { state, change, navigation, actions } = page;
  const attachments = createAttachments(change);
  const drafts = createDrafts(page);
  const menu = createMenu(page, drafts);
  /** A text that was not sent, and why; shown until it changes. */
  let unsent: { readonly key: string; readonly text: string; readonly problem: string } | null = null;

  function send(spot: Spot, prefix = ''): void {
    const field = fieldAt(spot);
    const text = field.value.trim();
    if (text === '' && !attachments.has(spot)) return;
    const files = attachments.ready(spot);
    const problem = files === null ? 'A file is still uploading.' : problemOf(prefix + text);
    if (problem !== null || files === null) {
      unsent = { key: spotKey(spot), text: field.value, problem: problem ?? '' };
      change();
      return;
    }
    menu.close();
    field.value = '';
    drafts.write(spot, '');
    attachments.clear(spot);
    actions.send(spot, prefix + text, files);
    goToEnd(field);
  }

  /** The reason why it cannot be sent; null if it can. */
  function problemOf(text: string): string | null {
    const { commands, maxMessageChars } = state.info;
    return tooLong('this', text, maxMessageChars) ?? parseSlash(text, commands)?.problem ?? null;
  }

  function attach(spot: Spot, files: FileList): void {
    attachments.add(spot, files, state.as, state.info);
  }

  function onPaste(event: ClipboardEvent, spot: Spot): void {
    const { files } = event.clipboardData ?? {};
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    attach(spot, files);
  }

  function onPick({ currentTarget }: Event, spot: Spot): void {
    const input = currentTarget as HTMLInputElement;
    if (input.files !== null) attach(spot, input.files);
    input.value = '';
  }

  function onKey(event: KeyboardEvent, spot: Spot): void {
    const { key, shiftKey, metaKey, ctrlKey, isComposing } = event;
    const { value } = fieldAt(spot);
    if (isComposing) return;
    if (menu.onKey(event, spot)) event.preventDefault();
    else if (key === 'Enter' && !shiftKey) {
      event.preventDefault();
      send(spot, (metaKey || ctrlKey) && canMention(spot, value) ? '@Parley ' : '');
    } else if (key === 'ArrowUp' && value === '') {
      const last = messagesAt(state, spot).findLast(({ user, kind }) => kind === 'said' && user === state.as);
      if (last === undefined) return;
      event.preventDefault();
      fieldAt(spot).value = last.text;
      drafts.write(spot, last.text);
    } else if (key === 'Escape' && spot.thread !== null) {
      navigation.go({ channel: spot.channel, thread: null });
    }
  }

  function canMention(spot: Spot, text: string): boolean {
    const isTalk = text.trim() !== '' && !text.startsWith('/') && !MENTION.test(text);
    return isTalk && spot.thread === null && !isDm(state, spot);
  }

  /** Inserts an option before the words, with the caret at its value. */
  function add(spot: Spot, command: CommandInfo, option: OptionInfo): void {
    const field = fieldAt(spot);
    const { text, caret } = withOption(field.value, command, option);
    field.value = text;
    drafts.write(spot, text);
    field.focus();
    field.setSelectionRange(caret, caret);
    void menu.complete(spot);
  }

  function hint(spot: Spot, text: string): TemplateResult {
    if (unsent?.key === spotKey(spot) && unsent.text === text) {
      return html`<span class="composer-hint unsent" role="alert">${unsent.problem}</span>`;
    }
    const problem = problemOf(text);
    if (problem !== null) return html`<span class="composer-hint">${problem}</span>`;
    if (canMention(spot, text)) {
      return html`<span class="composer-hint">
        Parley answers here when it is mentioned.
        <button type="button" class="link" @click=${() => send(spot, '@Parley ')}>Ask Parley <kbd>${COMMAND_KEY} ↵</kbd></button>
      </span>`;
    }
    return html`<span class="composer-hint idle"><kbd>/</kbd> commands <kbd>↵</kbd> send <kbd>⇧ ↵</kbd> new line</span>`;
  }

  function fieldView(spot: Spot, text: string): TemplateResult {
    const id = fieldId(spot);
    const open = menu.at(spot);
    const place = placeholder(state, spot);
    return html`<textarea
      id=${id}
      rows="1"
      placeholder=${place}
      aria-label=${place}
      aria-autocomplete="list"
      aria-haspopup="listbox"
      aria-controls=${open === null ? nothing : `${id}-menu`}
      aria-activedescendant=${open !== null && open.active >= 0 ? `${id}-item-${open.active}` : nothing}
      autocomplete="off"
      enterkeyhint="send"
      .value=${live(text)}
      @input=${() => {
        drafts.write(spot, fieldAt(spot).value);
        void menu.complete(spot);
      }}
      @keydown=${(event: KeyboardEvent) => onKey(event, spot)}
      @blur=${menu.close}
      @paste=${(event: ClipboardEvent) => onPaste(event, spot)}
    ></textarea>`;
  }

  return {
    attach,
    view(spot) {
      const text = drafts.at(spot);
      const open = menu.at(spot);
      const { command, options = {} } = parseSlash(text, state.info.commands) ?? {};
      const submit = (event: Event) => {
        event.preventDefault();
        send(spot);
      };
      return html`
        <form class="composer" @submit=${submit}>
          ${open === null ? nothing : menuView(fieldId(spot), open, (index) => menu.take(spot, index))}
          <div class="box">
            ${command === undefined ? nothing : signature(command, options, (option) => add(spot, command, option))}
            ${fieldView(spot, text)} ${attachments.view(spot)}
            <div class="composer-foot">
              <label class="attach" title="Attach files">
                ${icons.attach}
                <input type="file" multiple aria-label="Attach files" @change=${(event: Event) => onPick(event, spot)} />
              </label>
              ${hint(spot, text)}
              <button type="submit" class="send" aria-label="Send" title="Send" ?disabled=${text.trim() === '' && !attachments.has(spot)}>
                ${icons.send}
              </button>
            </div>
          </div>
        </form>
      `;
    },
  };
}

function placeholder(state: State, spot: Spot): string {
  if (spot.thread !== null) return 'Reply in the thread';
  const channel = channelOf(state, spot.channel);
  return channel?.owner === null ? `Message #${channel.name}` : 'Message Parley';
}
