import { html, nothing, type TemplateResult } from 'lit-html';
import { positionalOf } from '../../../../core/kit/typed-options.ts';
import type {
  AnswerMessage,
  CommandInfo,
  FileInfo,
  Message,
  NoticeMessage,
  SaidMessage,
  Spot,
} from '../../wire.ts';
import { press, remove, send } from '../model/actions.ts';
import { go } from '../model/navigation.ts';
import type { Page } from '../model/page.ts';
import { parseSlash } from '../model/slash.ts';
import { isDm, personName, type State, type Thread, viewer } from '../model/state.ts';
import { copyTool, tool } from '../parts/controls.ts';
import { botMark, icons } from '../parts/icons.ts';
import { keepAtEnd } from '../parts/scroll.ts';
import { formatMoment, formatTime, replies } from './format.ts';
import { markdown } from './markdown.ts';

/** A message's surroundings, as far as they affect how it looks. */
export interface Setting {
  readonly page: Page;
  /** Continues the previous message of the same author, so that it needs no head. */
  readonly isContinued: boolean;
  /** The thread below it. */
  readonly thread: Thread | null;
  /** Whether a thread can be opened here. */
  readonly canThread: boolean;
  /** Whether the person's message can still be sent to the bot as a question. */
  readonly canAsk: boolean;
}

export function messageView(message: Message, setting: Setting): TemplateResult {
  const { isContinued, page } = setting;
  const { state } = page;
  const author = message.kind === 'said' ? personName(state, message.user) : 'Parley';
  return html`
    <article
      data-message=${message.id}
      class="message ${message.kind} ${isContinued ? 'continued' : ''} ${isPrivate(message, state) ? 'private' : ''} ${message.kind === 'answer' ? message.status : ''}"
      tabindex="-1"
      aria-label="${author}, ${formatTime(message.atMs)}"
      aria-busy=${message.kind === 'answer' && message.status === 'streaming' ? 'true' : 'false'}
    >
      ${isContinued ? html`<span class="gutter">${clock(message)}</span>` : avatar(message.kind === 'said' ? message.user : null, author)}
      <div class="content">
        ${isContinued ? nothing : head(message, author, setting)} ${body(message, setting)} ${threadLink(message, setting)}
      </div>
      ${tools(message, setting)}
    </article>
  `;
}

/** Whether only one person sees it although others are there; direct messages have no others. */
function isPrivate(message: Message, state: State): boolean {
  return message.audience !== null && (message.kind === 'notice' || !isDm(state, message));
}

/** An avatar: the bot's mark, or a person's initial. */
export function avatar(person: string | null, name: string): TemplateResult {
  return person === null
    ? html`<span class="avatar bot" aria-hidden="true">${botMark}</span>`
    : html`<span class="avatar ${person}" aria-hidden="true">${name.charAt(0)}</span>`;
}

function clock(message: Message): TemplateResult {
  const iso = new Date(message.atMs).toISOString();
  return html`<time datetime=${iso} title=${formatMoment(message.atMs)}>${formatTime(message.atMs)}</time>`;
}

function head(message: Message, author: string, { page: { state } }: Setting): TemplateResult {
  return html`
    <header class="row">
      <b class="author">${author}</b>
      ${message.kind === 'said' ? nothing : html`<span class="badge">App</span>`}
      ${message.kind === 'said' ? written(message.text, state.info.commands).command : nothing} ${clock(message)}
      ${isPrivate(message, state) ? html`<span class="only-you row">${icons.eye}Only you can see this</span>` : nothing}
    </header>
  `;
}

function body(message: Message, setting: Setting): TemplateResult {
  switch (message.kind) {
    case 'said':
      return said(message, setting);
    case 'answer':
      return answer(message, setting);
    case 'notice':
      return notice(message, setting);
  }
}

function said(message: SaidMessage, setting: Setting): TemplateResult {
  const { page, canAsk } = setting;
  return html`
    ${written(message.text, page.state.info.commands).words}
    ${filesOf(message, setting)}
    ${
      canAsk
        ? html`<button class="ask row soft small" type="button" @click=${() => send(page, message, `@Parley ${message.text}`)}>
            ${icons.spark}Parley answers if you mention it. <b>Ask Parley</b>
          </button>`
        : nothing
    }
  `;
}

/** A person's message: the command with its options, and the words apart from it. */
export function written(text: string, commands: readonly CommandInfo[]) {
  const { command, options = {} } = parseSlash(text, commands) ?? {};
  const words = (said: unknown) =>
    said === undefined ? nothing : html`<div class="markdown" ${markdown(String(said))}></div>`;
  if (command === undefined) return { command: nothing, words: words(text) };
  const main = positionalOf(command.options)?.name;
  const chips = Object.entries(options).filter(([name]) => name !== main);
  return {
    command: html`
      <code class="command">/${command.name}</code>
      ${chips.map(([name, value]) => html`<span class="chip row soft small">${name}${value === true ? nothing : html` <b>${value}</b>`}</span>`)}
    `,
    words: words(main === undefined ? undefined : options[main]),
  };
}

/** By kind of button; the rest of a kind comes from the server. */
const BUTTON_ICONS: Readonly<Record<string, TemplateResult>> = {
  stop: icons.stop,
  confirm: icons.send,
  retry: icons.retry,
  more: icons.down,
  continue: icons.thread,
  thinking: icons.eye,
  answer: icons.retry,
  unlisten: icons.close,
  edited: icons.retry,
  summary: icons.spark,
  good: icons.good,
  bad: icons.bad,
};

function answer(message: AnswerMessage, setting: Setting): TemplateResult {
  const { page } = setting;
  const { text, note, footer, buttons } = message;
  return html`
    <div class="markdown" ${markdown(text)}></div>
    ${filesOf(message, setting)}
    ${note === null ? nothing : html`<p class="note soft small">${note}</p>`}
    ${
      buttons.length === 0 && footer === null
        ? nothing
        : html`<div class="under row">
            ${buttons.map((kind) => {
              const { label, title } = page.state.info.buttons[kind] ?? { label: kind, title: kind };
              return html`<button type="button" class="button ${kind}" aria-label=${title} title=${title} @click=${() => press(page, message, kind)}>
                ${BUTTON_ICONS[kind] ?? nothing}${title === label ? label : nothing}
              </button>`;
            })}
            ${footer === null ? nothing : html`<span class="footer">${footer}</span>`}
          </div>`
    }
  `;
}

function notice(message: NoticeMessage, setting: Setting): TemplateResult {
  return html`
    ${message.about === null ? nothing : html`<p class="about clip soft small">You ran <code>${message.about}</code></p>`}
    <div class="markdown" ${markdown(message.text)}></div>
    ${filesOf(message, setting)}
  `;
}

function filesOf({ id, files }: Message, { page: { state } }: Setting): TemplateResult[] {
  return files.map((file, index) => {
    const query = new URLSearchParams({ as: state.as, message: id, index: String(index) });
    return fileView({ description: '', ...file }, `api/file?${query}`);
  });
}

/** Shows a picture; offers any other file for saving. */
function fileView({ name, mediaType, description }: FileInfo, address: string): TemplateResult {
  if (mediaType.startsWith('image/')) {
    return html`<img class="picture" src=${address} alt=${description || name} @load=${keepAtEnd} />`;
  }
  return html`<a class="button file soft" href=${address} download=${name}>
    ${icons.save}<span><b>${name}</b> ${description}</span>
  </a>`;
}

function threadLink(message: Message, { thread, page }: Setting): TemplateResult | typeof nothing {
  if (thread === null) return nothing;
  const isOpen = page.state.spot.thread === message.id;
  const count = thread.replies === 0 ? 'Thread' : replies(thread.replies);
  return html`
    <button
      type="button"
      class="thread-link row soft small"
      aria-expanded=${isOpen ? 'true' : 'false'}
      @click=${() => go(page, threadBelow(message))}
    >
      ${icons.thread}<b>${count}</b>
      <span>${thread.isBusy ? 'Parley is answering…' : thread.replies === 0 ? 'Continue here' : `Last at ${formatTime(thread.lastAtMs)}`}</span>
    </button>
  `;
}

function tools(message: Message, setting: Setting): TemplateResult {
  const { page, canThread, thread } = setting;
  const { state, notify } = page;
  const isOwn = message.user === state.as || viewer(state).role !== 'member';
  return html`
    <div class="tools" role="group" aria-label="Message actions">
      ${copyTool('Copy text', message.text, notify)}
      ${canThread ? tool('Reply in thread', icons.thread, () => go(page, threadBelow(message))) : nothing}
      ${isOwn && thread === null ? tool('Delete', icons.trash, () => remove(page, message)) : nothing}
    </div>
  `;
}

/** Whether it exists or not. */
function threadBelow({ channel, id }: Message): Spot {
  return { channel, thread: id };
}
