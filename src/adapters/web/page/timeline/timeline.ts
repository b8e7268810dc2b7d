import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { keyed } from 'lit-html/directives/keyed.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ActivityItem, Message, Spot } from '../../wire.ts';
import type { Page } from '../model/page.ts';
import {
  channelOf,
  idOf,
  isDm,
  isSameSpot,
  messagesAt,
  type Outgoing,
  personName,
  type State,
  spotKey,
  threadsOf,
} from '../model/state.ts';
import { icons } from '../parts/icons.ts';
import { goToEnd, onArrow, onScroll } from '../parts/scroll.ts';
import { formatDay, isSameDay, replies } from './format.ts';
import { avatar, messageView, written } from './message.ts';
import { welcome } from './welcome.ts';

/** Messages of one author within this time share a head. */
const TOGETHER_MS = 5 * 60_000;

/** The messages of one spot, messages being sent, and the bot's activity. */
export function timeline(page: Page, spot: Spot): TemplateResult {
  const { state } = page;
  const channel = channelOf(state, spot.channel);
  const messages = messagesAt(state, spot);
  const root = spot.thread === null ? undefined : state.messages.get(spot.thread);
  const threads = new Map(threadsOf(state).map((thread) => [thread.thread, thread]));
  const outgoing = [...state.outgoing.values()].filter(
    (sent) => isSameSpot(sent, spot) && sent.as === state.as && !state.messages.has(sent.id),
  );
  const activities = [...state.activities.values()].filter((activity) => isSameSpot(activity, spot));
  const isEmpty = messages.length === 0 && outgoing.length === 0 && activities.length === 0;
  const lastSaid = messages.findLast(({ kind, user }) => kind === 'said' && user === state.as);

  const row = (message: Message, before: Message | undefined) => {
    const thread = threads.get(message.id) ?? null;
    const isContinued = continues(message, before);
    const canThread = spot.thread === null && !isDm(state, spot) && message.audience === null;
    const canAsk =
      message === lastSaid && message.kind === 'said' && !message.addressed && spot.thread === null;
    const isNewDay = before === undefined || !isSameDay(before.atMs, message.atMs);
    const isOpen = state.spot.thread === message.id;
    const setting = { page, isContinued, thread, canThread, canAsk };
    const deps = [message, isContinued, canAsk, isNewDay, isOpen, state.as, JSON.stringify(thread)];
    return guard(
      deps,
      () => html`
        ${isNewDay && spot.thread === null ? html`<div class="day row caption"><span>${formatDay(message.atMs, Date.now())}</span></div>` : nothing}
        ${messageView(message, setting)}
      `,
    );
  };

  // New for each spot, so that it starts at the end.
  return html`${keyed(
    spotKey(spot),
    html`
    <div
      class="timeline"
      role="log"
      aria-live="off"
      aria-label=${spot.thread === null ? `Messages in ${channel?.name ?? ''}` : 'Thread'}
      tabindex="0"
      @scroll=${onScroll}
      @keydown=${onArrow}
    >
      <div class="lane">
        ${spot.thread === null && state.isLoaded ? welcome(page, spot, isEmpty) : nothing}
        ${spot.thread === null ? nothing : threadHead(state, root, row, threads.get(spot.thread)?.replies ?? messages.length)}
        ${repeat(messages, idOf, (message, index) => row(message, messages[index - 1]))}
        ${repeat(outgoing, idOf, (sent) => outgoingView(sent, state))}
        ${repeat(activities, idOf, (activity) => activityView(activity, state))}
      </div>
    </div>
    <button type="button" class="button jump" @click=${({ currentTarget }: Event) => currentTarget instanceof Element && goToEnd(currentTarget)}>${icons.down}Jump to the latest</button>
  `,
  )}`;
}

function continues(message: Message, before: Message | undefined): boolean {
  if (before === undefined || before.kind !== message.kind || before.audience !== message.audience)
    return false;
  if (message.kind === 'answer') return before.kind === 'answer' && before.status === 'sealed';
  return (
    message.kind === 'said' &&
    before.user === message.user &&
    before.threadTitle === null &&
    !message.text.startsWith('/') &&
    message.atMs - before.atMs < TOGETHER_MS &&
    isSameDay(before.atMs, message.atMs)
  );
}

function threadHead(
  state: State,
  root: Message | undefined,
  row: (message: Message, before: Message | undefined) => unknown,
  count: number,
): TemplateResult {
  if (root === undefined) {
    return html`<p class="empty">${state.isLoaded ? 'The first message of this thread was deleted.' : nothing}</p>`;
  }
  return html`
    <div class="root">${row(root, undefined)}</div>
    ${
      count === 0
        ? html`<p class="empty">Continue here. In this thread Parley answers every message, without a mention.</p>`
        : html`<div class="day row caption"><span>${replies(count)}</span></div>`
    }
  `;
}

function outgoingView(sent: Outgoing, state: State): TemplateResult {
  const { command, words } = written(sent.text, state.info.commands);
  return html`
    <article class="message said ${sent.phase === 'refused' ? 'unsent' : 'sending'}">
      ${avatar(sent.as, personName(state, sent.as))}
      <div class="content">
        <header class="row">
          <b class="author">${personName(state, sent.as)}</b>${command}
        </header>
        ${words} ${outgoingNote(sent)}
      </div>
    </article>
  `;
}

function outgoingNote({ phase, problem, again }: Outgoing): TemplateResult | typeof nothing {
  if (phase === 'waiting') {
    return html`<p class="note soft small">Not sent yet. It will be sent as soon as Parley is reachable. Is it still running?</p>`;
  }
  if (phase !== 'refused') return nothing;
  return html`<p class="note soft small">
    Not sent: ${problem} <button type="button" class="link" @click=${again}>Try again</button>
  </p>`;
}

function activityView({ activity, user, queue }: ActivityItem, state: State): TemplateResult {
  const text =
    activity === 'thinking'
      ? 'The model is thinking before it answers'
      : activity === 'working'
        ? 'Parley is thinking'
        : queue !== null && user === state.as
          ? queue
          : `${user === state.as ? 'Your question' : `${personName(state, user)}’s question`} is waiting for its turn`;
  return html`
    <div class="activity ${activity} row soft small">
      ${avatar(null, 'Parley')}
      <span class="dots row" aria-hidden="true"><i class="dot"></i><i class="dot"></i><i class="dot"></i></span>
      <span>${text}</span>
    </div>
  `;
}
