import { html, render } from 'lit-html';
import type { RoomInfo } from '../wire.ts';
import { drawPage } from './app.ts';
import { createComposer } from './composer/composer.ts';
import { logIn } from './login.ts';
import { get, isLockedOut, wordsFor } from './model/api.ts';
import { isNumber, isTable, isText, recall } from './model/memory.ts';
import { focusComposer } from './model/navigation.ts';
import { createPage } from './model/page.ts';
import { createStore, type State } from './model/state.ts';
import { keepAtEnd } from './parts/scroll.ts';
import { applyTheme, currentTheme } from './parts/theme.ts';

applyTheme(currentTheme());
const info = await enter();
const remembered = recall('browser', 'as', isText);
const initial: State = {
  info,
  as: info.people.find(({ id }) => id === remembered)?.id ?? info.people[0]?.id ?? '',
  spot: { channel: info.channels[0]?.id ?? '', thread: null },
  connection: 'connecting',
  isLoaded: false,
  messages: new Map(),
  bySpot: new Map(),
  activities: new Map(),
  outgoing: new Map(),
  status: null,
  seen: recall('browser', 'seen', isTable(isNumber)) ?? {},
  isSidebarOpen: false,
  query: '',
  sought: null,
  awaited: new Set(),
  form: null,
  toast: null,
};

const store = createStore(initial, () => drawPage(page, composer));
const page = createPage(store, logIn);
const composer = createComposer(page);

page.start();
window.addEventListener('resize', keepAtEnd);
document.addEventListener('keydown', (event) => {
  // A slash typed anywhere starts a command.
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  focusComposer();
});

/** The room's facts, once the server lets this page in. */
async function enter(): Promise<RoomInfo> {
  for (;;) {
    try {
      return await get<RoomInfo>('room');
    } catch (error) {
      if (isLockedOut(error)) await logIn();
      else await untilNextTry(error);
    }
  }
}

async function untilNextTry(error: unknown): Promise<void> {
  render(
    html`<p class="banner row small" role="alert"><span class="dot pulse"></span>${wordsFor(error)}</p>`,
    document.body,
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
