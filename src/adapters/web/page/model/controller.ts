import type {
  Admission,
  AnswerMessage,
  CommandInfo,
  Message,
  PostCommand,
  PressForm,
  RoomInfo,
  Spot,
  Status,
} from '../../wire.ts';
import { announce } from './announce.ts';
import { type Connection, follow, get, isLockedOut, post, wordsFor } from './api.ts';
import { newId } from './ids.ts';
import { remember } from './memory.ts';
import { createOutbox } from './outbox.ts';
import { parseSlash } from './slash.ts';
import {
  applyChanges,
  channelOf,
  clearRoom,
  isDm,
  isSameSpot,
  messagesAt,
  type Store,
  spotKey,
} from './state.ts';

/** Everything that a person can do on the page. */
export interface Controller {
  /** Connects, and opens the spot in the address. */
  start(): void;
  send(spot: Spot, text: string, files?: readonly string[]): void;
  /** Submits the open form. */
  submitForm(options: Readonly<Record<string, string>>): void;
  closeForm(): void;
  /** Starts a new conversation at the spot. */
  beginAnew(spot: Spot): void;
  /** Goes to the viewer's own conversation with the bot, and starts it anew. */
  newConversation(): void;
  /** Changes the model at a spot: of its conversation, or of the channel. */
  setModel(spot: Spot, model: string): void;
  /** Chooses how much the model thinks at the spot; `default` leaves that to it. */
  setEffort(spot: Spot, effort: string): void;
  /** Asks for a new title of a thread. */
  rename(thread: Message): void;
  /** Searches the messages that the viewer sees. */
  search(query: string): void;
  /** Goes to a message and shows it. */
  find(message: Message): void;
  press(answer: AnswerMessage, button: string): void;
  remove(message: Message): void;
  /** Opens the thread below the message, whether it exists or not. */
  openThread(message: Message): void;
  go(spot: Spot): void;
  viewAs(person: string): void;
  setTier(tier: string): void;
  toggleSidebar(isOpen: boolean): void;
  notify(text: string): void;
}

const TOAST_MS = 6_000;

/** @param logIn asks for the token if the server needs it; messages written meanwhile wait */
export function createController(store: Store, logIn: () => Promise<void>): Controller {
  const { state, change } = store;
  const outbox = createOutbox(store, postIn);
  let loggingIn: Promise<void> | null = null;
  let logins = 0;
  let unfollow = () => {};
  let toastTimer: number | undefined;
  /** A search result to scroll to, until it is shown. */
  let sought: string | null = null;
  /** Threads that this page opens as soon as they exist. */
  const awaited = new Set<string>();

  function connect(): void {
    unfollow();
    change(clearRoom);
    unfollow = follow(
      state.as,
      (changes) => {
        if (state.isLoaded && !changes.reset) announce(state, changes);
        change((now) => applyChanges(now, changes));
        for (const id of awaited) openAwaited(id);
        if (changes.reset || changes.items.some(([key]) => key === 'status')) void refreshStatus();
        markSeen();
      },
      onConnection,
    );
  }

  function onConnection(connection: Connection): void {
    change((now) => {
      now.connection = connection;
    });
    if (connection === 'locked') void enter();
    if (connection !== 'open') return;
    outbox.onConnected();
    void refreshInfo();
  }

  /** All requests that find the page locked wait for the same login. */
  function enter(): Promise<void> {
    loggingIn ??= logIn().then(() => {
      loggingIn = null;
      logins++;
      connect();
    });
    return loggingIn;
  }

  async function postIn(path: string, body: object): Promise<void> {
    const before = logins;
    try {
      await post(path, body);
    } catch (error) {
      if (!isLockedOut(error)) throw error;
      // Somebody may have logged in meanwhile.
      if (logins === before) await enter();
      await postIn(path, body);
    }
  }

  async function refreshInfo(): Promise<void> {
    const info = await get<RoomInfo>('room').catch(() => null);
    if (info !== null) {
      change((now) => {
        now.info = info;
      });
    }
  }

  async function refreshStatus(): Promise<void> {
    const { as, spot } = state;
    const status = await get<Status>('status', { as, ...spot }).catch(() => null);
    if (status === null || as !== state.as || !isSameSpot(spot, state.spot)) return;
    change((now) => {
      now.status = status;
    });
  }

  function openAwaited(id: string): void {
    const message = state.messages.get(id);
    if (message === undefined) return;
    // A message that asks nobody.
    const isTalk = message.kind === 'said' && !message.addressed;
    if (message.threadTitle === null && !isTalk) return;
    awaited.delete(id);
    // A viewer who has moved on stays there.
    if (!isTalk && message.channel === state.spot.channel) go({ channel: message.channel, thread: id });
  }

  function markSeen(): void {
    if (document.hidden) return;
    for (const spot of [state.spot, { channel: state.spot.channel, thread: null }]) {
      const newest = messagesAt(state, spot).at(-1)?.order ?? 0;
      const key = `${state.as}:${spotKey(spot)}`;
      if ((state.seen[key] ?? 0) >= newest) continue;
      state.seen[key] = newest;
      remember('browser', 'seen', state.seen);
    }
  }

  function go(spot: Spot): void {
    const hash = `#/${spotKey(spot)}`;
    if (location.hash === hash) arrive();
    else location.hash = hash;
  }

  /** The address follows the page: back and forward work, and a reload stays. */
  function arrive(): void {
    const [, channel = '', thread = null] = location.hash.split('/');
    const isKnown = channelOf(state, channel) !== undefined;
    const spot = isKnown ? { channel, thread } : { channel: state.info.channels[0]?.id ?? '', thread: null };
    change((now) => {
      now.spot = spot;
      now.isSidebarOpen = false;
    });
    markSeen();
    void refreshStatus();
    // Once drawn. On touch screens the focus would open the keyboard over the text.
    if (sought !== null) afterDrawing(showSought);
    else if (matchMedia('(pointer: fine)').matches) afterDrawing(focusComposer);
  }

  function showSought(): void {
    const message = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(sought ?? '')}"]`);
    sought = null;
    message?.closest('.timeline')?.classList.add('scrolled-up');
    message?.scrollIntoView({ block: 'center' });
    message?.focus();
  }

  function notify(text: string): void {
    window.clearTimeout(toastTimer);
    change((now) => {
      now.toast = text;
    });
    toastTimer = window.setTimeout(() => {
      change((now) => {
        now.toast = null;
      });
    }, TOAST_MS);
  }

  async function attempt(path: string, body: object): Promise<void> {
    try {
      await postIn(path, body);
    } catch (error) {
      notify(wordsFor(error));
    }
  }

  function run(
    spot: Spot,
    text: string,
    command: string,
    options: PostCommand['options'],
    files: readonly string[] = [],
  ): void {
    const { channel, thread } = spot;
    outbox.send('command', { id: newId(), as: state.as, channel, thread, text, command, options, files });
  }

  /** If the person may not use the command, running it explains why; nobody should fill in a form for nothing. */
  async function openForm(spot: Spot, text: string, command: CommandInfo): Promise<void> {
    const asked = { as: state.as, ...spot, command: command.name };
    const admission = await get<Admission>('admit', asked).catch(() => null);
    if (admission?.ok !== true) return run(spot, text, command.name, {});
    change((now) => {
      now.form = {
        title: `/${command.name}`,
        description: command.description,
        fields: command.form ?? [],
        send: (given) => run(spot, `/${command.name}`, command.name, given),
      };
    });
  }

  /** If the person may not press the button, a press explains why. */
  async function openPressForm(answer: AnswerMessage, button: string): Promise<void> {
    const send = (given: Readonly<Record<string, string>>) =>
      void attempt('press', { id: newId(), as: state.as, message: answer.id, button, given });
    const asked = { as: state.as, message: answer.id, button };
    const form = await get<PressForm>('press-form', asked).catch(() => null);
    if (form?.ok !== true) return send({});
    const title = state.info.buttons[button]?.label ?? button;
    change((now) => {
      now.form = { title, description: '', fields: form.fields, send };
    });
  }

  /** On a phone the sidebar is a dialog: the focus moves into it, and back to where it was. */
  function toggleSidebar(isOpen: boolean): void {
    if (state.isSidebarOpen === isOpen) return;
    change((now) => {
      now.isSidebarOpen = isOpen;
    });
    afterDrawing(() =>
      document.querySelector<HTMLElement>(isOpen ? '.close-sidebar' : '.open-sidebar')?.focus(),
    );
  }

  /** Sets a channel's choice in a channel, else the conversation's. */
  function choose(spot: Spot, option: 'model' | 'effort', value: string): void {
    const isChannel = spot.thread === null && !isDm(state, spot);
    const scope = isChannel ? 'channel' : 'conversation';
    run(spot, `/model --${option} ${value} --scope ${scope}`, 'model', { [option]: value, scope });
    // The picker shows the choice once it applies.
    void refreshStatus();
  }

  function closeForm(): void {
    change((now) => {
      now.form = null;
    });
  }

  return {
    start() {
      window.addEventListener('hashchange', arrive);
      document.addEventListener('visibilitychange', markSeen);
      // The command line may have changed it meanwhile.
      window.addEventListener('focus', () => void refreshStatus());
      // A window that became wide has room for both.
      matchMedia('(max-width: 760px)').addEventListener('change', () => toggleSidebar(false));
      arrive();
      connect();
    },
    send(spot, text, files = []) {
      const slash = parseSlash(text, state.info.commands);
      if (slash?.command && slash.command.form !== null) return void openForm(spot, text, slash.command);
      if (slash !== null) return run(spot, text, slash.name, slash.options, files);
      const id = newId();
      // The answer to a question in a channel opens with its own thread.
      if (spot.thread === null && !isDm(state, spot)) awaited.add(id);
      outbox.send('message', { id, as: state.as, channel: spot.channel, thread: spot.thread, text, files });
    },
    submitForm(options) {
      const { form } = state;
      if (form === null) return;
      closeForm();
      form.send(options);
    },
    closeForm,
    beginAnew: (spot) => run(spot, '/new', 'new', {}),
    newConversation() {
      const own = state.info.channels.find(({ owner }) => owner === state.as);
      if (own === undefined) return;
      const spot = { channel: own.id, thread: null };
      go(spot);
      if (messagesAt(state, spot).length > 0) run(spot, '/new', 'new', {});
    },
    setModel: (spot, model) => choose(spot, 'model', model),
    setEffort: (spot, effort) => choose(spot, 'effort', effort),
    rename(thread) {
      change((now) => {
        now.form = {
          title: 'Rename the thread',
          description: '',
          fields: [
            {
              name: 'name',
              type: 'text',
              description: `Now: ${thread.threadTitle ?? ''}`,
              required: true,
              maxChars: 100,
              choices: [],
            },
          ],
          send: ({ name = '' }) => void attempt('rename', { as: state.as, thread: thread.id, title: name }),
        };
      });
    },
    search(query) {
      change((now) => {
        now.query = query;
      });
    },
    find(message) {
      sought = message.id;
      go({ channel: message.channel, thread: message.thread });
    },
    press(answer, button) {
      if (state.info.buttons[button]?.hasForm) return void openPressForm(answer, button);
      if (button === 'continue') {
        awaited.add(answer.id);
        openAwaited(answer.id);
        if (!awaited.has(answer.id)) return;
      }
      void attempt('press', { id: newId(), as: state.as, message: answer.id, button, given: {} });
    },
    remove: (message) => void attempt('remove', { as: state.as, message: message.id }),
    openThread: (message) => go({ channel: message.channel, thread: message.id }),
    go,
    viewAs(person) {
      remember('browser', 'as', person);
      awaited.clear();
      change((now) => {
        now.as = person;
        now.status = null;
      });
      const own = state.info.channels.find(({ owner }) => owner === person);
      // From one person's DM to the other's own.
      if (isDm(state, state.spot) && own !== undefined) go({ channel: own.id, thread: null });
      else void refreshStatus();
      connect();
    },
    setTier: (tier) => void attempt('tier', { tier }),
    toggleSidebar,
    notify,
  };
}

/** Runs once the change is drawn. */
function afterDrawing(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act));
}

/** The composer of the open thread, or else of the channel. */
export function focusComposer(): void {
  [...document.querySelectorAll<HTMLTextAreaElement>('.composer textarea')].at(-1)?.focus();
}
