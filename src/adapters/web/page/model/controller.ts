import type {
  Admission,
  AnswerMessage,
  CommandInfo,
  Message,
  PostCommand,
  PressForm,
  Spot,
  Status,
} from '../../wire.ts';
import { announce } from './announce.ts';
import { get, wordsFor } from './api.ts';
import { newId } from './ids.ts';
import { remember } from './memory.ts';
import { afterDrawing, createNavigation } from './navigation.ts';
import { createOutbox } from './outbox.ts';
import { createSession } from './session.ts';
import { parseSlash } from './slash.ts';
import { applyChanges, isDm, isSameSpot, messagesAt, type Store } from './state.ts';
import { createToast } from './toast.ts';

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

/** @param logIn asks for the token if the server needs it; messages written meanwhile wait */
export function createController(store: Store, logIn: () => Promise<void>): Controller {
  const { state, change } = store;
  const session = createSession(store, {
    logIn,
    onChanges(changes) {
      if (state.isLoaded && !changes.reset) announce(state, changes);
      change((now) => applyChanges(now, changes));
      navigation.openAwaited();
      if (changes.reset || changes.items.some(([key]) => key === 'status')) void refreshStatus();
      navigation.markSeen();
    },
    onOpen: () => outbox.onConnected(),
  });
  const outbox = createOutbox(store, session.post);
  const navigation = createNavigation(store, () => void refreshStatus());
  const notify = createToast(store);
  const { go, arrive, markSeen, find } = navigation;

  async function refreshStatus(): Promise<void> {
    const { as, spot } = state;
    const status = await get<Status>('status', { as, ...spot }).catch(() => null);
    if (status === null || as !== state.as || !isSameSpot(spot, state.spot)) return;
    change((now) => {
      now.status = status;
    });
  }

  async function attempt(path: string, body: object): Promise<void> {
    try {
      await session.post(path, body);
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
      session.connect();
    },
    send(spot, text, files = []) {
      const slash = parseSlash(text, state.info.commands);
      if (slash?.command && slash.command.form !== null) return void openForm(spot, text, slash.command);
      if (slash !== null) return run(spot, text, slash.name, slash.options, files);
      const id = newId();
      // The answer to a question in a channel opens with its own thread.
      if (spot.thread === null && !isDm(state, spot)) navigation.awaitThread(id);
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
    find,
    press(answer, button) {
      if (state.info.buttons[button]?.hasForm) return void openPressForm(answer, button);
      if (button === 'continue' && navigation.awaitThread(answer.id)) return;
      void attempt('press', { id: newId(), as: state.as, message: answer.id, button, given: {} });
    },
    remove: (message) => void attempt('remove', { as: state.as, message: message.id }),
    openThread: (message) => go({ channel: message.channel, thread: message.id }),
    go,
    viewAs(person) {
      remember('browser', 'as', person);
      navigation.forgetAwaited();
      change((now) => {
        now.as = person;
        now.status = null;
      });
      const own = state.info.channels.find(({ owner }) => owner === person);
      // From one person's DM to the other's own.
      if (isDm(state, state.spot) && own !== undefined) go({ channel: own.id, thread: null });
      else void refreshStatus();
      session.connect();
    },
    setTier: (tier) => void attempt('tier', { tier }),
    toggleSidebar,
    notify,
  };
}
