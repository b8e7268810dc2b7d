import type { Changes, Status } from '../../wire.ts';
import { announce } from './announce.ts';
import { get } from './api.ts';
import { createNavigation, type Navigation } from './navigation.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createSession, type Session } from './session.ts';
import { applyChanges, isSameSpot, type Store } from './state.ts';

/** The state that the views draw, and what the actions of their buttons and fields use. */
export interface Page extends Store {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly navigation: Navigation;
  /** Shows a text for six seconds, in the place of the one before. */
  notify(text: string): void;
  /** Gets the content of the bar for the present viewer and spot. Never rejects. */
  refreshStatus(): Promise<void>;
  /** Connects, and opens the spot in the address. */
  start(): void;
}

const TOAST_MS = 6_000;

/** @param logIn asks for the token if the server needs it; messages written meanwhile wait */
export function createPage(store: Store, logIn: () => Promise<void>): Page {
  const { state, change } = store;
  const session = createSession(store, { logIn, onChanges, onOpen: () => outbox.onConnected() });
  const outbox = createOutbox(store, session.post);
  const navigation = createNavigation(store, () => void refreshStatus());
  let toastTimer: number | undefined;

  function onChanges(changes: Changes): void {
    if (state.isLoaded && !changes.reset) announce(state, changes);
    applyChanges(state, changes);
    change();
    navigation.openAwaited();
    if (changes.reset || changes.items.some(([key]) => key === 'status')) void refreshStatus();
    navigation.markSeen();
  }

  async function refreshStatus(): Promise<void> {
    const { as, spot } = state;
    const status = await get<Status>('status', { as, ...spot }).catch(() => null);
    if (status !== null && as === state.as && isSameSpot(spot, state.spot)) change({ status });
  }

  return {
    ...store,
    session,
    outbox,
    navigation,
    notify(toast) {
      window.clearTimeout(toastTimer);
      change({ toast });
      toastTimer = window.setTimeout(() => change({ toast: null }), TOAST_MS);
    },
    refreshStatus,
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
