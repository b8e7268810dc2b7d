import type {
  Admission,
  AnswerMessage,
  CommandInfo,
  Message,
  OptionInfo,
  PostCommand,
  PressForm,
  Spot,
} from '../../wire.ts';
import { get, wordsFor } from './api.ts';
import { remember } from './memory.ts';
import { awaitThread, go, refreshStatus } from './navigation.ts';
import type { Page } from './page.ts';
import { parseSlash } from './slash.ts';
import { isDm, messagesAt, ownDm } from './state.ts';

/* A person's actions on the page; each sends one to the server. */

/** Sends a message, or runs a command; opens the command's form if it has one. */
export function send(page: Page, spot: Spot, text: string, files: readonly string[] = []): void {
  const slash = parseSlash(text, page.state.info.commands);
  if (slash === null) say(page, spot, text, files);
  else if (slash.command && slash.command.form !== null) void openForm(page, spot, text, slash.command);
  else run(page, spot, text, slash.name, slash.options, files);
}

function say(page: Page, spot: Spot, text: string, files: readonly string[]): void {
  const { state, outbox } = page;
  const { channel, thread } = spot;
  const id = crypto.randomUUID();
  // The answer to a question in a channel opens with its own thread.
  if (thread === null && !isDm(state, spot)) awaitThread(page, id);
  outbox.send('message', { id, as: state.as, channel, thread, text, files });
}

function run(
  { state, outbox }: Page,
  { channel, thread }: Spot,
  text: string,
  command: string,
  options: PostCommand['options'] = {},
  files: readonly string[] = [],
): void {
  const id = crypto.randomUUID();
  outbox.send('command', { id, as: state.as, channel, thread, text, command, options, files });
}

/** If the person may not use the command, running it explains why; nobody should fill in a form for nothing. */
async function openForm(page: Page, spot: Spot, text: string, command: CommandInfo): Promise<void> {
  const { name, description, form } = command;
  const asked = { as: page.state.as, ...spot, command: name };
  const admission = await get<Admission>('admit', asked).catch(() => null);
  if (admission?.ok !== true) return run(page, spot, text, name);
  const fill = (given: PostCommand['options']) => run(page, spot, `/${name}`, name, given);
  page.change({ form: { title: `/${name}`, description, fields: form ?? [], send: fill } });
}

/** Starts a new conversation at the spot. */
export function startOver(page: Page, spot: Spot): void {
  run(page, spot, '/new', 'new');
}

/** Goes to the viewer's own conversation with the bot, and starts it anew. */
export function newConversation(page: Page): void {
  const { state } = page;
  const spot = ownDm(state, state.as);
  go(page, spot);
  if (messagesAt(state, spot).length > 0) startOver(page, spot);
}

/**
 * Changes the model at a spot, or how much it thinks: in a channel for the channel, else for the conversation. The effort
 * `default` leaves that to the model.
 */
export function choose(page: Page, spot: Spot, option: 'model' | 'effort', value: string): void {
  const scope = spot.thread === null && !isDm(page.state, spot) ? 'channel' : 'conversation';
  run(page, spot, `/model --${option} ${value} --scope ${scope}`, 'model', { [option]: value, scope });
  // The picker shows the choice once it applies.
  void refreshStatus(page);
}

/** Presses a button of an answer; opens the button's form if it has one. */
export function press(page: Page, { id }: AnswerMessage, button: string): void {
  if (page.state.info.buttons[button]?.hasForm) return void openPressForm(page, id, button);
  if (button === 'continue' && awaitThread(page, id)) return;
  void postPress(page, id, button);
}

/** If the person may not press the button, a press explains why. */
async function openPressForm(page: Page, message: string, button: string): Promise<void> {
  const { as, info } = page.state;
  const form = await get<PressForm>('press-form', { as, message, button }).catch(() => null);
  if (form?.ok !== true) return postPress(page, message, button);
  const title = info.buttons[button]?.label ?? button;
  const fill = (given: object) => void postPress(page, message, button, given);
  page.change({ form: { title, description: '', fields: form.fields, send: fill } });
}

function postPress(page: Page, message: string, button: string, given = {}): Promise<void> {
  return attempt(page, 'press', { id: crypto.randomUUID(), message, button, given });
}

export function remove(page: Page, { id }: Message): void {
  void attempt(page, 'remove', { message: id });
}

/** Asks for a new title of a thread. */
export function rename(page: Page, { id, threadTitle }: Message): void {
  const name: OptionInfo = {
    name: 'name',
    type: 'text',
    description: `Now: ${threadTitle ?? ''}`,
    required: true,
    maxChars: 100,
    choices: [],
  };
  const fill = (given: { readonly name?: string }) =>
    void attempt(page, 'rename', { thread: id, title: given.name ?? '' });
  page.change({ form: { title: 'Rename the thread', description: '', fields: [name], send: fill } });
}

export function setTier(page: Page, tier: string): void {
  void attempt(page, 'tier', { tier });
}

/** Shows the page as another person. */
export function viewAs(page: Page, person: string): void {
  const { state, change, session } = page;
  remember('browser', 'as', person);
  state.awaited.clear();
  change({ as: person, status: null });
  // From one person's DM to the other's own.
  if (isDm(state, state.spot)) go(page, ownDm(state, person));
  else void refreshStatus(page);
  session.connect();
}

async function attempt({ state, session, notify }: Page, path: string, body: object): Promise<void> {
  try {
    await session.post(path, { as: state.as, ...body });
  } catch (error) {
    notify(wordsFor(error));
  }
}
