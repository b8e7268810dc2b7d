import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { Spot } from '../../wire.ts';
import { parseSlash } from '../model/slash.ts';
import { channelOf, type State } from '../model/state.ts';
import { icons } from '../parts/icons.ts';
import { attach, attachmentsView, hasFiles } from './attachments.ts';
import { type Composer, draftAt, fieldAt, fieldId, writeDraft } from './composer.ts';
import { closeMenu, complete, menuAt, take } from './menu.ts';
import { menuView, signature } from './menu-view.ts';
import { addOption, lacksMention, onKey, problemAt, sendDraft } from './sending.ts';

const COMMAND_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

/** A composer with its menu, its files, and a hint on what it would do. */
export function composerView(composer: Composer, spot: Spot): TemplateResult {
  const { page } = composer;
  const text = draftAt(composer, spot);
  const open = menuAt(composer, spot);
  const { command, options = {} } = parseSlash(text, page.state.info.commands) ?? {};
  const submit = (event: Event) => {
    event.preventDefault();
    sendDraft(composer, spot);
  };
  const pick = ({ currentTarget }: Event) => {
    const input = currentTarget as HTMLInputElement;
    if (input.files !== null) attach(composer, spot, input.files);
    input.value = '';
  };
  return html`
    <form class="composer" @submit=${submit}>
      ${open === null ? nothing : menuView(fieldId(spot), open, (index) => take(composer, spot, index))}
      <div class="box">
        ${command === undefined ? nothing : signature(command, options, (option) => addOption(composer, spot, command, option))}
        ${fieldView(composer, spot)} ${attachmentsView(composer, spot)}
        <div class="composer-foot row">
          <label class="attach" title="Attach files">
            ${icons.attach}<input class="visually-hidden" type="file" multiple aria-label="Attach files" @change=${pick} />
          </label>
          ${hint(composer, spot)}
          <button type="submit" class="send" aria-label="Send" title="Send" ?disabled=${text.trim() === '' && !hasFiles(composer, spot)}>
            ${icons.send}
          </button>
        </div>
      </div>
    </form>
  `;
}

function fieldView(composer: Composer, spot: Spot): TemplateResult {
  const { page } = composer;
  const id = fieldId(spot);
  const open = menuAt(composer, spot);
  const place = placeholder(page.state, spot);
  const write = () => {
    writeDraft(composer, spot, fieldAt(spot).value);
    void complete(composer, spot);
  };
  const paste = (event: ClipboardEvent) => {
    const { files } = event.clipboardData ?? {};
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    attach(composer, spot, files);
  };
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
    .value=${live(draftAt(composer, spot))}
    @input=${write}
    @keydown=${(event: KeyboardEvent) => onKey(composer, event, spot)}
    @blur=${() => closeMenu(composer)}
    @paste=${paste}
  ></textarea>`;
}

function hint(composer: Composer, spot: Spot): TemplateResult {
  const problem = problemAt(composer, spot);
  if (problem?.isUrgent)
    return html`<span class="composer-hint small unsent" role="alert">${problem.words}</span>`;
  if (problem !== null) return html`<span class="composer-hint small">${problem.words}</span>`;
  if (lacksMention(composer, spot)) {
    return html`<span class="composer-hint small">
      Parley answers here when it is mentioned.
      <button type="button" class="link" @click=${() => sendDraft(composer, spot, true)}>Ask Parley <kbd>${COMMAND_KEY} ↵</kbd></button>
    </span>`;
  }
  return html`<span class="composer-hint small idle"><kbd>/</kbd> commands <kbd>↵</kbd> send <kbd>⇧ ↵</kbd> new line</span>`;
}

function placeholder(state: State, spot: Spot): string {
  if (spot.thread !== null) return 'Reply in the thread';
  const channel = channelOf(state, spot.channel);
  return channel?.owner === null ? `Message #${channel.name}` : 'Message Parley';
}
