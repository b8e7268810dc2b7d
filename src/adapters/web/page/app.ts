import { html, nothing, render, type TemplateResult } from 'lit-html';
import type { Spot } from '../wire.ts';
import { bar, demoMark, newButton } from './bar.ts';
import { attach } from './composer/attachments.ts';
import type { Composer } from './composer/composer.ts';
import { composerView } from './composer/composer-view.ts';
import { formView, showForm } from './form.ts';
import { rename } from './model/actions.ts';
import { go, toggleSidebar } from './model/navigation.ts';
import type { Page } from './model/page.ts';
import { channelOf, type State } from './model/state.ts';
import { tool } from './parts/controls.ts';
import { icons } from './parts/icons.ts';
import { keepAtEnd } from './parts/scroll.ts';
import { sidebar } from './sidebar.ts';
import { timeline } from './timeline/timeline.ts';

/** Draws the whole page; unchanged parts are not touched. */
export function drawPage(page: Page, composer: Composer): void {
  const { state } = page;
  const { spot } = state;
  const channelSpot = { channel: spot.channel, thread: null };
  const channel = channelOf(state, spot.channel);
  document.title = `${channel?.owner === null ? '#' : ''}${channel?.name ?? ''} · Parley playground`;
  render(
    html`
      <div
        @dragover=${onDragOver}
        @dragleave=${(event: DragEvent) => event.relatedTarget === null && endDrag()}
        @drop=${(event: DragEvent) => onDrop(event, composer, { channel: channelSpot, thread: spot })}
        class="app ${spot.thread === null ? '' : 'with-thread'} ${state.isSidebarOpen ? 'sidebar-open' : ''}"
      >
        ${sidebar(page)}
        <div class="scrim" @click=${() => toggleSidebar(page, false)}></div>
        <main class="channel" ?inert=${state.isSidebarOpen}>
          ${bar(page)} ${banner(state)} ${timeline(page, channelSpot)} ${composerView(composer, channelSpot)}
        </main>
        ${spot.thread === null ? nothing : thread(page, composer)}
      </div>
      ${formView(page)}
      <div id="announcer" class="visually-hidden" aria-live="polite"></div>
      <div role="status">${state.toast === null ? nothing : html`<p class="toast">${state.toast}</p>`}</div>
    `,
    document.body,
  );
  showForm();
  keepAtEnd();
}

/** Files that are dragged over the page; the composer in whose pane they are shows it. */
function onDragOver(event: DragEvent): void {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  endDrag();
  paneUnder(event)?.classList.add('dropping');
}

function endDrag(): void {
  document.querySelector('.dropping')?.classList.remove('dropping');
}

function onDrop(
  event: DragEvent,
  composer: Composer,
  spots: { readonly channel: Spot; readonly thread: Spot },
): void {
  const { files } = event.dataTransfer ?? {};
  if (files === undefined || files.length === 0) return;
  event.preventDefault();
  endDrag();
  attach(composer, paneUnder(event)?.matches('.thread') ? spots.thread : spots.channel, files);
}

/** The channel or the thread; anywhere else counts as the channel. */
function paneUnder({ target }: DragEvent): Element | null {
  const pane = target instanceof Element ? target.closest('.thread') : null;
  return pane ?? document.querySelector('main.channel');
}

function thread(page: Page, composer: Composer): TemplateResult {
  const { state } = page;
  const root = state.messages.get(state.spot.thread ?? '');
  const close = () => go(page, { channel: state.spot.channel, thread: null });
  return html`
    <section class="thread" aria-label="Thread" ?inert=${state.isSidebarOpen}>
      <header class="bar row">
        ${tool('Back to the channel', icons.back, close, { className: 'back' })}
        <div class="here">
          <h2>Thread</h2>
          <p class="clip small" title=${root?.threadTitle ?? ''}>${root?.threadTitle ?? 'New'}</p>
        </div>
        ${newButton(page)}
        ${root?.threadTitle ? tool('Rename the thread', icons.pencil, () => rename(page, root)) : nothing}
        ${demoMark(state)}
        ${tool('Close the thread', icons.close, close, { className: 'forth', title: 'Close (Esc)' })}
      </header>
      ${timeline(page, state.spot)} ${composerView(composer, state.spot)}
    </section>
  `;
}

function banner(state: State): TemplateResult | typeof nothing {
  if (state.connection !== 'lost') return nothing;
  return html`<p class="banner row small" role="alert">
    <span class="dot pulse"></span>Connection lost, reconnecting… Messages you send will be delivered then.
  </p>`;
}
