import { html, nothing, render, type TemplateResult } from 'lit-html';
import type { Message, Spot } from '../wire.ts';
import { bar, demoMark, newButton } from './bar.ts';
import type { Composer } from './composer/composer.ts';
import { formView, showForm } from './form.ts';
import type { Controller } from './model/controller.ts';
import { channelOf, type State } from './model/state.ts';
import { icons } from './parts/icons.ts';
import { keepAtEnd } from './parts/scroll.ts';
import { sidebar } from './sidebar.ts';
import { timeline } from './timeline/timeline.ts';

/** Draws the whole page; unchanged parts are not touched. */
export function draw(state: State, controller: Controller, composer: Composer, redraw: () => void): void {
  const { spot } = state;
  const channelSpot = { channel: spot.channel, thread: null };
  document.title = `${channelOf(state, spot.channel)?.owner === null ? '#' : ''}${channelOf(state, spot.channel)?.name ?? ''} · Parley playground`;
  render(
    html`
      <div
        @dragover=${onDragOver}
        @dragleave=${(event: DragEvent) => event.relatedTarget === null && endDrag()}
        @drop=${(event: DragEvent) => onDrop(event, composer, { channel: channelSpot, thread: spot })}
        class="app ${spot.thread === null ? '' : 'with-thread'} ${state.isSidebarOpen ? 'sidebar-open' : ''}"
      >
        ${sidebar(state, controller, redraw)}
        <div class="scrim" @click=${() => controller.toggleSidebar(false)}></div>
        <main class="channel" ?inert=${state.isSidebarOpen}>
          ${bar(state, controller)} ${banner(state)} ${timeline(state, controller, channelSpot)}
          ${composer.view(channelSpot)}
        </main>
        ${spot.thread === null ? nothing : thread(state, controller, composer)}
      </div>
      ${formView(state.form, controller)}
      <div id="announcer" class="visually-hidden" aria-live="polite"></div>
      <div class="toasts" role="status">${state.toast === null ? nothing : html`<p class="toast">${state.toast}</p>`}</div>
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
  composer.attach(paneUnder(event)?.matches('.thread') ? spots.thread : spots.channel, files);
}

/** The channel or the thread; anywhere else counts as the channel. */
function paneUnder({ target }: DragEvent): Element | null {
  const pane = target instanceof Element ? target.closest('.thread') : null;
  return pane ?? document.querySelector('main.channel');
}

function thread(state: State, controller: Controller, composer: Composer): TemplateResult {
  const root = state.messages.get(state.spot.thread ?? '');
  const close = () => controller.go({ channel: state.spot.channel, thread: null });
  return html`
    <section class="thread" aria-label="Thread" ?inert=${state.isSidebarOpen}>
      <header class="bar">
        <button type="button" class="tool back" aria-label="Back to the channel" @click=${close}>${icons.back}</button>
        <div class="here">
          <h2>Thread</h2>
          <p title=${root?.threadTitle ?? ''}>${root?.threadTitle ?? 'New'}</p>
        </div>
        ${newButton(controller, state.spot)} ${root?.threadTitle ? renameButton(controller, root) : nothing} ${demoMark(state)}
        <button type="button" class="tool forth" aria-label="Close the thread" title="Close (Esc)" @click=${close}>
          ${icons.close}
        </button>
      </header>
      ${timeline(state, controller, state.spot)} ${composer.view(state.spot)}
    </section>
  `;
}

function renameButton(controller: Controller, root: Message): TemplateResult {
  return html`<button
    type="button"
    class="tool"
    aria-label="Rename the thread"
    title="Rename the thread"
    @click=${() => controller.rename(root)}
  >
    ${icons.pencil}
  </button>`;
}

function banner(state: State): TemplateResult | typeof nothing {
  if (state.connection !== 'lost') return nothing;
  return html`<p class="banner" role="alert">
    <span class="pulse"></span>Connection lost, reconnecting… Messages you send will be delivered then.
  </p>`;
}
