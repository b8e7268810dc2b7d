import type { Changes } from '../../wire.ts';
import { announce } from './announce.ts';
import { arrive, markSeen, openAwaited, refreshStatus, toggleSidebar } from './navigation.ts';
import { createOutbox } from './outbox.ts';
import { createSession } from './session.ts';
import { applyChanges, type Store } from './state.ts';

/** The state that the views draw, and what the actions of their buttons and fields use. */
export type Page = ReturnType<typeof createPage>;

const TOAST_MS = 6_000;

/** @param logIn asks for the token if the server needs it; messages written meanwhile wait */
export function createPage(store: Store, logIn: () => Promise<void>) {
  const { state, change } = store;
  const session = createSession(store, { logIn, onChanges, onOpen: () => outbox.onConnected() });
  const outbox = createOutbox(store, session.post);
  let toastTimer: number | undefined;

  function onChanges(changes: Changes): void {
    if (state.isLoaded && !changes.reset) announce(state, changes);
    applyChanges(state, changes);
    change();
    openAwaited(store);
    if (changes.reset || changes.items.some(([key]) => key === 'status')) void refreshStatus(store);
    markSeen(state);
  }

  return {
    ...store,
    session,
    outbox,
    /** Shows a text for six seconds, in the place of the one before. */
    notify(toast: string): void {
      window.clearTimeout(toastTimer);
      change({ toast });
      toastTimer = window.setTimeout(() => change({ toast: null }), TOAST_MS);
    },
    /** Connects, and opens the spot in the address. */
    start(): void {
      window.addEventListener('hashchange', () => arrive(store));
      document.addEventListener('visibilitychange', () => markSeen(state));
      // The command line may have changed it meanwhile.
      window.addEventListener('focus', () => void refreshStatus(store));
      // A window that became wide has room for both.
      matchMedia('(max-width: 760px)').addEventListener('change', () => toggleSidebar(store, false));
      arrive(store);
      session.connect();
    },
  };
}
