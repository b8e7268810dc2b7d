import type { Status } from '../../wire.ts';
import { type Actions, createActions } from './actions.ts';
import { announce } from './announce.ts';
import { get } from './api.ts';
import { createNavigation, type Navigation } from './navigation.ts';
import { createOutbox } from './outbox.ts';
import { createSession } from './session.ts';
import { applyChanges, isSameSpot, type Store } from './state.ts';
import { createToast } from './toast.ts';

/** The state that the views draw, and the functions that their buttons and fields call. */
export interface Page extends Store {
  readonly navigation: Navigation;
  readonly actions: Actions;
  /** Shows a text for a while. */
  notify(text: string): void;
  /** Connects, and opens the spot in the address. */
  start(): void;
}

/** @param logIn asks for the token if the server needs it; messages written meanwhile wait */
export function createPage(store: Store, logIn: () => Promise<void>): Page {
  const { state, change } = store;
  const session = createSession(store, {
    logIn,
    onChanges(changes) {
      if (state.isLoaded && !changes.reset) announce(state, changes);
      applyChanges(state, changes);
      change();
      navigation.openAwaited();
      if (changes.reset || changes.items.some(([key]) => key === 'status')) void refreshStatus();
      navigation.markSeen();
    },
    onOpen: () => outbox.onConnected(),
  });
  const outbox = createOutbox(store, session.post);
  const navigation = createNavigation(store, () => void refreshStatus());
  const notify = createToast(store);
  const actions = createActions({ store, session, outbox, navigation, notify, refreshStatus });

  async function refreshStatus(): Promise<void> {
    const { as, spot } = state;
    const status = await get<Status>('status', { as, ...spot }).catch(() => null);
    if (status !== null && as === state.as && isSameSpot(spot, state.spot)) change({ status });
  }

  return {
    ...store,
    navigation,
    actions,
    notify,
    start() {
      window.addEventListener('hashchange', navigation.arrive);
      document.addEventListener('visibilitychange', navigation.markSeen);
      // The command line may have changed it meanwhile.
      window.addEventListener('focus', () => void refreshStatus());
      // A window that became wide has room for both.
      matchMedia('(max-width: 760px)').addEventListener('change', () => navigation.toggleSidebar(false));
      navigation.arrive();
      session.connect();
    },
  };
}
