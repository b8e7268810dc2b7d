import type { Message, Spot } from '../../wire.ts';
import { remember } from './memory.ts';
import { channelOf, messagesAt, type Store, spotKey } from './state.ts';

/** Chooses the spot that the page shows, and marks its messages as seen. */
export interface Navigation {
  go(spot: Spot): void;
  /** Shows what the address names. */
  arrive(): void;
  /** Goes to a message and shows it. */
  find(message: Message): void;
  /** Marks the messages of the open spots as seen, if the page is visible. */
  markSeen(): void;
  /** Opens the thread of a message as soon as it exists; true if that was at once. */
  awaitThread(id: string): boolean;
  /** Opens the awaited threads that exist by now. */
  openAwaited(): void;
  /** Stops waiting for threads. */
  forgetAwaited(): void;
  /** On a phone the sidebar is a dialog: the focus moves into it, and back to where it was. */
  toggleSidebar(isOpen: boolean): void;
}

export function createNavigation({ state, change, draw }: Store, onArrival: () => void): Navigation {
  /** A search result to scroll to, until it is shown. */
  let sought: string | null = null;
  /** Threads that this page opens as soon as they exist. */
  const awaited = new Set<string>();

  function openIfThere(id: string): void {
    const message = state.messages.get(id);
    if (message === undefined) return;
    // A message that does not ask the bot.
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

  /**
   * The address follows the page: back and forward work, and a reload stays. Draws at once, so that a key pressed right
   * afterwards does not write into the place before.
   */
  function arrive(): void {
    const [, channel = '', thread = null] = location.hash.split('/');
    const isKnown = channelOf(state, channel) !== undefined;
    const spot = isKnown ? { channel, thread } : { channel: state.info.channels[0]?.id ?? '', thread: null };
    change({ spot, isSidebarOpen: false });
    draw();
    markSeen();
    onArrival();
    // On touch screens the focus would open the keyboard over the text.
    if (sought !== null) showSought();
    else if (matchMedia('(pointer: fine)').matches) focusComposer();
  }

  function showSought(): void {
    const message = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(sought ?? '')}"]`);
    sought = null;
    message?.closest('.timeline')?.classList.add('scrolled-up');
    message?.scrollIntoView({ block: 'center' });
    message?.focus();
  }

  return {
    go,
    arrive,
    markSeen,
    find(message) {
      sought = message.id;
      go({ channel: message.channel, thread: message.thread });
    },
    awaitThread(id) {
      awaited.add(id);
      openIfThere(id);
      return !awaited.has(id);
    },
    openAwaited() {
      for (const id of awaited) openIfThere(id);
    },
    forgetAwaited: () => awaited.clear(),
    toggleSidebar(isOpen) {
      if (state.isSidebarOpen === isOpen) return;
      change({ isSidebarOpen: isOpen });
      draw();
      document.querySelector<HTMLElement>(isOpen ? '.close-sidebar' : '.open-sidebar')?.focus();
    },
  };
}

/** The composer of the open thread, or else of the channel. */
export function focusComposer(): void {
  [...document.querySelectorAll<HTMLTextAreaElement>('.composer textarea')].at(-1)?.focus();
}
