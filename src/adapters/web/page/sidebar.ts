import { html, nothing, type TemplateResult } from 'lit-html';
import type { ChannelInfo, Role, Spot } from '../wire.ts';
import type { Controller } from './controller.ts';
import { botMark, icons } from './icons.ts';
import { avatar } from './message.ts';
import { channelsOf, isBusy, isSameSpot, isUnread, type State, spotKey, threadsOf } from './state.ts';
import { currentTheme, nextTheme, type Theme } from './theme.ts';

const MAX_THREADS = 30;

const ROLES = { member: 'Member', admin: 'Admin', operator: 'Operator' } as const satisfies Record<
  Role,
  string
>;

const THEMES = {
  system: { icon: icons.system, label: 'Theme: as the system' },
  light: { icon: icons.sun, label: 'Theme: light' },
  dark: { icon: icons.moon, label: 'Theme: dark' },
} as const satisfies Record<Theme, unknown>;

/** Where one can go, and as whom. */
export function sidebar(state: State, controller: Controller, redraw: () => void): TemplateResult {
  const channels = channelsOf(state);
  const threads = threadsOf(state).slice(0, MAX_THREADS);
  const theme = THEMES[currentTheme()];
  return html`
    <aside class="sidebar" aria-label="Places">
      <div class="brand">
        <span class="avatar bot" aria-hidden="true">${botMark}</span>
        <h1>Parley <small>Playground</small></h1>
        <button
          type="button"
          class="tool"
          aria-label=${theme.label}
          title=${theme.label}
          @click=${() => {
            nextTheme();
            redraw();
          }}
        >
          ${theme.icon}
        </button>
        <button type="button" class="tool close-sidebar" aria-label="Close the menu" @click=${() => controller.toggleSidebar(false)}>
          ${icons.close}
        </button>
      </div>
      <nav class="places" aria-label="Channels and threads">
        <h2>Channels</h2>
        <ul>
          ${channels.filter(({ owner }) => owner === null).map((channel) => channelLink(state, channel))}
        </ul>
        <h2>Direct messages</h2>
        <ul>
          ${channels.filter(({ owner }) => owner !== null).map((channel) => channelLink(state, channel))}
        </ul>
        ${threads.length === 0 ? nothing : html`<h2>Threads</h2>`}
        <ul>
          ${threads.map((thread) => placeLink(state, thread, thread.title, icons.thread))}
        </ul>
      </nav>
      ${people(state, controller)}
    </aside>
  `;
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
        class="place ${unread ? 'unread' : ''}"
        href="#/${spotKey(spot)}"
        aria-current=${isHere ? 'page' : nothing}
        title=${name}
      >
        ${icon}<span class="place-name">${name}</span>
        ${busy ? html`<span class="pulse" role="img" aria-label="Parley is answering"></span>` : nothing}
        ${unread && !busy ? html`<span class="new" role="img" aria-label="New messages"></span>` : nothing}
      </a>
    </li>
  `;
}

function people(state: State, controller: Controller): TemplateResult {
  return html`
    <fieldset class="people">
      <legend>View as</legend>
      <div class="people-row">
        ${state.info.people.map(
          ({ id, name, role }) => html`<label class="person">
            <input
              type="radio"
              name="as"
              value=${id}
              .checked=${state.as === id}
              @change=${() => controller.viewAs(id)}
            />
            ${avatar(id, name)}<span><b>${name}</b>${ROLES[role]}</span>
          </label>`,
        )}
      </div>
    </fieldset>
  `;
}
