import type {
  Admission,
  AnswerMessage,
  CommandInfo,
  Message,
  PostCommand,
  PressForm,
  Spot,
} from '../../wire.ts';
import { get, wordsFor } from './api.ts';
import { remember } from './memory.ts';
import type { Navigation } from './navigation.ts';
import type { Outbox } from './outbox.ts';
import type { Session } from './session.ts';
import { parseSlash } from './slash.ts';
import { isDm, messagesAt, ownDm, type Store } from './state.ts';

/** Each sends the server something that a person does on the page. */
export interface Actions {
  /** Sends a message, or runs a command; opens the command's form if it has one. */
  send(spot: Spot, text: string, files?: readonly string[]): void;
  /** Starts a new conversation at the spot. */
  startOver(spot: Spot): void;
  /** Goes to the viewer's own conversation with the bot, and starts it anew. */
  newConversation(): void;
  /**
   * Changes the model at a spot, or how much it thinks: in a channel for the channel, else for the conversation. The effort
   * `default` leaves that to the model.
   */
  choose(spot: Spot, option: 'model' | 'effort', value: string): void;
  press(answer: AnswerMessage, button: string): void;
  remove(message: Message): void;
  /** Asks for a new title of a thread. */
  rename(thread: Message): void;
  setTier(tier: string): void;
  viewAs(person: string): void;
}

export interface ActionsOptions {
  readonly store: Store;
  readonly session: Session;
  readonly outbox: Outbox;
  readonly navigation: Navigation;
  notify(text: string): void;
  refreshStatus(): Promise<void>;
}

export function createActions(options: ActionsOptions): Actions {
  const { session, outbox, navigation, notify, refreshStatus } = options;
  const { state, change } = options.store;

  async function attempt(path: string, body: object): Promise<void> {
    try {
      await session.post(path, { as: state.as, ...body });
    } catch (error) {
      notify(wordsFor(error));
    }
  }

  function run(
    { channel, thread }: Spot,
    text: string,
    command: string,
    given: PostCommand['options'] = {},
    files: readonly string[] = [],
  ): void {
    const id = crypto.randomUUID();
    outbox.send('command', { id, as: state.as, channel, thread, text, command, options: given, files });
  }

  function startOver(spot: Spot): void {
    run(spot, '/new', 'new');
  }

  /** If the person may not use the command, running it explains why; nobody should fill in a form for nothing. */
  async function openForm(spot: Spot, text: string, command: CommandInfo): Promise<void> {
    const { name, description, form } = command;
    const admission = await get<Admission>('admit', { as: state.as, ...spot, command: name }).catch(
      () => null,
    );
    if (admission?.ok !== true) return run(spot, text, name);
    const send = (given: PostCommand['options']) => run(spot, `/${name}`, name, given);
    change({ form: { title: `/${name}`, description, fields: form ?? [], send } });
  }

  /** If the person may not press the button, a press explains why. */
  async function openPressForm(message: string, button: string): Promise<void> {
    const form = await get<PressForm>('press-form', { as: state.as, message, button }).catch(() => null);
    if (form?.ok !== true) return press(message, button);
    const title = state.info.buttons[button]?.label ?? button;
    const send = (given: object) => void press(message, button, given);
    change({ form: { title, description: '', fields: form.fields, send } });
  }

  function press(message: string, button: string, given = {}): Promise<void> {
    return attempt('press', { id: crypto.randomUUID(), message, button, given });
  }

  return {
    send(spot, text, files = []) {
      const slash = parseSlash(text, state.info.commands);
      if (slash?.command && slash.command.form !== null) return void openForm(spot, text, slash.command);
      if (slash !== null) return run(spot, text, slash.name, slash.options, files);
      const { channel, thread } = spot;
      const id = crypto.randomUUID();
      // The answer to a question in a channel opens with its own thread.
      if (thread === null && !isDm(state, spot)) navigation.awaitThread(id);
      outbox.send('message', { id, as: state.as, channel, thread, text, files });
    },
    startOver,
    newConversation() {
      const spot = ownDm(state, state.as);
      navigation.go(spot);
      if (messagesAt(state, spot).length > 0) startOver(spot);
    },
    choose(spot, option, value) {
      const scope = spot.thread === null && !isDm(state, spot) ? 'channel' : 'conversation';
      run(spot, `/model --${option} ${value} --scope ${scope}`, 'model', { [option]: value, scope });
      // The picker shows the choice once it applies.
      void refreshStatus();
    },
    press({ id }, button) {
      if (state.info.buttons[button]?.hasForm) return void openPressForm(id, button);
      if (button === 'continue' && navigation.awaitThread(id)) return;
      void press(id, button);
    },
    remove: ({ id }) => void attempt('remove', { message: id }),
    rename({ id, threadTitle }) {
      const description = `Now: ${threadTitle ?? ''}`;
      const name = {
        name: 'name',
        type: 'text',
        description,
        required: true,
        maxChars: 100,
        choices: [],
      } as const;
      const send = (given: { readonly name?: string }) =>
        void attempt('rename', { thread: id, title: given.name ?? '' });
      change({ form: { title: 'Rename the thread', description: '', fields: [name], send } });
    },
    setTier: (tier) => void attempt('tier', { tier }),
    viewAs(person) {
      remember('browser', 'as', person);
      navigation.forgetAwaited();
      change({ as: person, status: null });
      // From one person's DM to the other's own.
      if (isDm(state, state.spot)) navigation.go(ownDm(state, person));
      else void refreshStatus();
      session.connect();
    },
  };
}
