import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ChannelInfo, Spot } from '../wire.ts';
import { newConversation, viewAs } from './model/actions.ts';
import { goToMessage, toggleSidebar } from './model/navigation.ts';
import type { Page } from './model/page.ts';
import {
  channelOf,
  channelsOf,
  found,
  idOf,
  isBusy,
  isSameSpot,
  isUnread,
  personName,
  type State,
  spotKey,
  threadsOf,
} from './model/state.ts';
import { tool, withValue } from './parts/controls.ts';
import { botMark, icons } from './parts/icons.ts';
import { currentTheme, type Theme, turnTheme } from './parts/theme.ts';
import { capitalized } from './timeline/format.ts';
import { avatar } from './timeline/message.ts';

const MAX_THREADS = 30;

const THEMES = {
  system: { icon: icons.system, label: 'Theme: system' },
  light: { icon: icons.sun, label: 'Theme: light' },
  dark: { icon: icons.moon, label: 'Theme: dark' },
} as const satisfies Record<Theme, unknown>;

/** The places, and the person to view them as. */
export function sidebar(page: Page): TemplateResult {
  const { state, change } = page;
  const theme = THEMES[currentTheme()];
  const turn = () => {
    turnTheme();
    change();
  };
  const close = () => toggleSidebar(page, false);
  return html`
    <div
      class="sidebar"
      aria-label="Places"
      role=${state.isSidebarOpen ? 'dialog' : 'complementary'}
      aria-modal=${state.isSidebarOpen ? 'true' : nothing}
      @keydown=${({ key }: KeyboardEvent) => key === 'Escape' && state.isSidebarOpen && close()}
    >
      <div class="brand row">
        <span class="avatar bot" aria-hidden="true">${botMark}</span>
        <p>Parley <small>Playground</small></p>
        ${tool(theme.label, theme.icon, turn)}
        ${tool('Close the menu', icons.close, close, { className: 'close-sidebar' })}
      </div>
      <div class="finder">
        <button type="button" class="button" @click=${() => newConversation(page)}>
          ${icons.anew}New conversation
        </button>
        <input
          type="search"
          class="field"
          placeholder="Search"
          aria-label="Search messages and threads"
          autocomplete="off"
          .value=${live(state.query)}
          @input=${withValue((query) => change({ query }))}
        />
      </div>
      ${state.query.trim() === '' ? places(state) : results(page)} ${people(page)}
    </div>
  `;
}

function places(state: State): TemplateResult {
  const { direct = [], shared = [] } = Object.groupBy(channelsOf(state), ({ owner }) =>
    owner === null ? 'shared' : 'direct',
  );
  const threads = threadsOf(state).slice(0, MAX_THREADS);
  return html`
    <nav class="places" aria-label="Channels and threads">
      <h2 class="caption">Channels</h2>
      <ul>${shared.map((channel) => channelLink(state, channel))}</ul>
      <h2 class="caption">Direct messages</h2>
      <ul>${direct.map((channel) => channelLink(state, channel))}</ul>
      ${threads.length === 0 ? nothing : html`<h2 class="caption">Threads</h2>`}
      <ul>
        ${repeat(threads, spotKey, (thread) => placeLink(state, thread, thread.title, icons.thread))}
      </ul>
    </nav>
  `;
}

const MAX_RESULTS = 30;
const EXCERPT_CHARS = 90;

/** Search results, each with its place. Each keeps its element, and so the pointer and the focus, when others come above it. */
function results(page: Page): TemplateResult {
  const { state } = page;
  const messages = found(state, state.query);
  const shown = messages.slice(0, MAX_RESULTS);
  return html`
    <nav class="places" aria-label="Search results">
      <p class="caption" role="status">${messages.length === 0 ? 'Nothing found' : `${messages.length} found`}</p>
      <ul>
        ${repeat(
          shown,
          idOf,
          (message) => html`<li>
            <button type="button" class="result soft small" @click=${() => goToMessage(page, message)}>
              <b class="clip">${message.kind === 'said' ? personName(state, message.user) : 'Parley'} · ${placeName(state, message)}</b>
              <span>${excerpt(message.text, state.query)}</span>
            </button>
          </li>`,
        )}
      </ul>
    </nav>
  `;
}

function placeName(state: State, { channel, thread }: Spot): string {
  const title = thread === null ? undefined : state.messages.get(thread)?.threadTitle;
  return title ?? channelOf(state, channel)?.name ?? channel;
}

/** The text around the first match. */
function excerpt(text: string, query: string): string {
  const [word = ''] = query.toLowerCase().split(/\s+/).filter(Boolean);
  const at = Math.max(0, text.toLowerCase().indexOf(word) - EXCERPT_CHARS / 3);
  const piece = text
    .slice(at, at + EXCERPT_CHARS)
    .toWellFormed()
    .replace(/\s+/g, ' ');
  return `${at > 0 ? '…' : ''}${piece}${at + EXCERPT_CHARS < text.length ? '…' : ''}`;
}

function channelLink(state: State, { id, name, owner }: ChannelInfo): TemplateResult {
  return placeLink(state, { channel: id, thread: null }, name, owner === null ? icons.hash : icons.direct);
}

function placeLink(state: State, spot: Spot, name: string, icon: TemplateResult): TemplateResult {
  const isHere = isSameSpot(spot, state.spot);
  const busy = isBusy(state, spot);
  const unread = !isHere && isUnread(state, spot);
  return html`
    <li>
      <a
        class="place row ${unread ? 'unread' : ''}"
        href="#/${spotKey(spot)}"
        aria-current=${isHere ? 'page' : nothing}
        title=${name}
      >
        ${icon}<span class="clip">${name}</span>
        ${busy ? html`<span class="dot pulse" role="img" aria-label="Parley is answering"></span>` : nothing}
        ${unread && !busy ? html`<span class="dot" role="img" aria-label="New messages"></span>` : nothing}
      </a>
    </li>
  `;
}

function people(page: Page): TemplateResult {
  const { state } = page;
  return html`
    <fieldset class="people">
      <legend class="caption">View as</legend>
      <div>
        ${state.info.people.map(
          ({ id, name, role }) => html`<label class="person soft">
            <input
              type="radio"
              name="as"
              value=${id}
              .checked=${state.as === id}
              @change=${() => viewAs(page, id)}
            />
            ${avatar(id, name)}<span><b>${name}</b>${capitalized(role)}</span>
          </label>`,
        )}
      </div>
    </fieldset>
  `;
}
