import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { CommandInfo, OptionInfo, Spot } from '../../wire.ts';
import type { Controller } from '../model/controller.ts';
import { isTable, isText, recall, remember } from '../model/memory.ts';
import { parseSlash, tooLong, withOption } from '../model/slash.ts';
import { channelOf, isDm, messagesAt, type State, type Store, spotKey, viewer } from '../model/state.ts';
import { icons } from '../parts/icons.ts';
import { goToEnd } from '../parts/scroll.ts';
import { createAttachments } from './attachments.ts';
import { menuView, signature } from './menu-view.ts';
import { type Menu, menuAt } from './slash-menu.ts';

/** The text fields: one draft per spot, kept over reloads. */
export interface Composer {
  view(spot: Spot): TemplateResult;
  attach(spot: Spot, files: FileList): void;
}

const COMMAND_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

const MENTION = /(?<![\w.])@parley\b/i;

export function createComposer(store: Store, controller: Controller): Composer {
  const { state } = store;
  const attachments = createAttachments(redraw);
  const drafts = recall('tab', 'drafts', isTable(isText)) ?? {};
  /** The menu, and the spot of its composer. */
  let menu: (Menu & { readonly key: string }) | null = null;
  let asked = 0;
  /** A text that was not sent, and why; shown until it changes. */
  let unsent: { readonly key: string; readonly text: string; readonly problem: string } | null = null;

  function write(spot: Spot, text: string): void {
    const key = spotKey(spot);
    if (text === '') delete drafts[key];
    else drafts[key] = text;
    const stored = Object.entries(drafts).filter(([, draft]) => isStored(draft));
    remember('tab', 'drafts', Object.fromEntries(stored));
    redraw();
  }

  /** Text after a command with a form is not stored, however misspelt, because it may be a secret. */
  function isStored(draft: string): boolean {
    const slash = parseSlash(draft.trimStart(), state.info.commands);
    return slash === null || slash.command?.form === null;
  }

  function redraw(): void {
    store.change(() => {});
  }

  function closeMenu(): void {
    asked += 1;
    menu = null;
    redraw();
  }

  /** Only the answer to the newest request counts, because they may arrive in any order. */
  async function complete(field: HTMLTextAreaElement, spot: Spot): Promise<void> {
    asked += 1;
    const question = asked;
    const { as, info } = state;
    const context = {
      info,
      as,
      role: viewer(state).role,
      spot,
      isDm: isDm(state, spot),
    };
    const found = await menuAt(field.value, field.selectionStart, context);
    if (question !== asked) return;
    menu = found === null ? null : { ...found, key: spotKey(spot) };
    redraw();
  }

  /** Inserts a menu item, and offers what may follow. */
  function take(field: HTMLTextAreaElement, spot: Spot, index: number): void {
    const item = menu?.items[index];
    if (menu === null || item === undefined) return;
    field.setRangeText(`${item.insert} `, menu.from, menu.to, 'end');
    // One space is enough.
    if (field.value.charAt(field.selectionStart) === ' ') {
      field.setRangeText('', field.selectionStart, field.selectionStart + 1, 'end');
    }
    write(spot, field.value);
    field.focus();
    void complete(field, spot);
  }

  function send(field: HTMLTextAreaElement, spot: Spot, prefix = ''): void {
    const text = field.value.trim();
    if (text === '' && !attachments.has(spot)) return;
    const files = attachments.ready(spot);
    const problem = files === null ? 'A file is still uploading.' : problemOf(prefix + text);
    if (problem !== null || files === null) {
      unsent = { key: spotKey(spot), text: field.value, problem: problem ?? '' };
      redraw();
      return;
    }
    closeMenu();
    field.value = '';
    write(spot, '');
    attachments.clear(spot);
    controller.send(spot, prefix + text, files);
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

  function onKey(event: KeyboardEvent, spot: Spot): void {
    const field = event.currentTarget;
    if (!(field instanceof HTMLTextAreaElement) || event.isComposing) return;
    if (menu !== null && menu.key === spotKey(spot) && onMenuKey(event, field, spot, menu)) {
      event.preventDefault();
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      const isAsk = (event.metaKey || event.ctrlKey) && canMention(spot, field.value);
      send(field, spot, isAsk ? '@Parley ' : '');
    } else if (event.key === 'ArrowUp' && field.value === '') {
      const last = messagesAt(state, spot).findLast(({ user, kind }) => kind === 'said' && user === state.as);
      if (last === undefined) return;
      event.preventDefault();
      field.value = last.text;
      write(spot, last.text);
    } else if (event.key === 'Escape' && spot.thread !== null) {
      controller.go({ channel: spot.channel, thread: null });
    }
  }

  function onMenuKey(event: KeyboardEvent, field: HTMLTextAreaElement, spot: Spot, open: Menu): boolean {
    const count = open.items.length;
    const move = (active: number) => {
      menu = { ...open, active, key: spotKey(spot) };
      redraw();
      return true;
    };
    switch (event.key) {
      case 'ArrowDown':
        return move((open.active + 1) % count);
      case 'ArrowUp':
        return move(open.active <= 0 ? count - 1 : open.active - 1);
      case 'Tab':
        take(field, spot, Math.max(open.active, 0));
        return true;
      case 'Enter':
        if (open.active < 0 || event.shiftKey) return false;
        take(field, spot, open.active);
        return true;
      case 'Escape':
        closeMenu();
        return true;
      default:
        return false;
    }
  }

  function canMention(spot: Spot, text: string): boolean {
    return (
      !isDm(state, spot) &&
      spot.thread === null &&
      text.trim() !== '' &&
      !/^\//.test(text) &&
      !MENTION.test(text)
    );
  }

  /** Inserts an option before the words, with the caret at its value. */
  function add(field: HTMLTextAreaElement, spot: Spot, command: CommandInfo, option: OptionInfo): void {
    const next = withOption(field.value, command, option);
    field.value = next.text;
    write(spot, next.text);
    field.focus();
    field.setSelectionRange(next.caret, next.caret);
    void complete(field, spot);
  }

  function hint(spot: Spot, text: string): TemplateResult {
    if (unsent?.key === spotKey(spot) && unsent.text === text) {
      return html`<span class="composer-hint unsent" role="alert">${unsent.problem}</span>`;
    }
    const problem = problemOf(text);
    if (problem !== null) return html`<span class="composer-hint">${problem}</span>`;
    if (canMention(spot, text)) {
      const ask = (event: Event) => withField(event, (field) => send(field, spot, '@Parley '));
      return html`<span class="composer-hint">
        Parley answers here when it is mentioned.
        <button type="button" class="link" @click=${ask}>Ask Parley <kbd>${COMMAND_KEY} ↵</kbd></button>
      </span>`;
    }
    return html`<span class="composer-hint idle"><kbd>/</kbd> commands <kbd>↵</kbd> send <kbd>⇧ ↵</kbd> new line</span>`;
  }

  return {
    attach,
    view(spot) {
      const key = spotKey(spot);
      const text = drafts[key] ?? '';
      const field = `composer-${spot.thread === null ? 'channel' : 'thread'}`;
      const open = menu?.key === key ? menu : null;
      const { command, options } = parseSlash(text, state.info.commands) ?? {};
      const place = placeholder(state, spot);
      return html`
        <form
          class="composer"
          @submit=${(event: Event) => {
            event.preventDefault();
            withField(event, (target) => send(target, spot));
          }}
        >
          ${
            open === null
              ? nothing
              : menuView(field, open, (index, event) =>
                  withField(event, (target) => take(target, spot, index)),
                )
          }
          <div class="box">
            ${
              command === undefined
                ? nothing
                : signature(command, options ?? {}, (option, event) =>
                    withField(event, (target) => add(target, spot, command, option)),
                  )
            }
            <textarea
              id=${field}
              rows="1"
              placeholder=${place}
              aria-label=${place}
              aria-autocomplete="list"
              aria-haspopup="listbox"
              aria-controls=${open === null ? nothing : `${field}-menu`}
              aria-activedescendant=${open !== null && open.active >= 0 ? `${field}-item-${open.active}` : nothing}
              autocomplete="off"
              enterkeyhint="send"
              .value=${live(text)}
              @input=${(event: Event) => {
                if (!(event.currentTarget instanceof HTMLTextAreaElement)) return;
                write(spot, event.currentTarget.value);
                void complete(event.currentTarget, spot);
              }}
              @keydown=${(event: KeyboardEvent) => onKey(event, spot)}
              @blur=${closeMenu}
              @paste=${(event: ClipboardEvent) => {
                const { files } = event.clipboardData ?? {};
                if (files === undefined || files.length === 0) return;
                event.preventDefault();
                attach(spot, files);
              }}
            ></textarea>
            ${attachments.view(spot)}
            <div class="composer-foot">
              <label class="attach" title="Attach files">
                ${icons.attach}
                <input
                  type="file"
                  multiple
                  aria-label="Attach files"
                  @change=${(event: Event) => {
                    if (!(event.currentTarget instanceof HTMLInputElement)) return;
                    const { files } = event.currentTarget;
                    if (files !== null) attach(spot, files);
                    event.currentTarget.value = '';
                  }}
                />
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

/** Calls `act` with the text field of the composer in which the event happened. */
function withField({ currentTarget }: Event, act: (field: HTMLTextAreaElement) => void): void {
  if (!(currentTarget instanceof Element)) return;
  const field = currentTarget.closest('.composer')?.querySelector('textarea');
  if (field) act(field);
}

function placeholder(state: State, spot: Spot): string {
  if (spot.thread !== null) return 'Reply in the thread';
  const channel = channelOf(state, spot.channel);
  return channel?.owner === null ? `Message #${channel.name}` : 'Message Parley';
}
