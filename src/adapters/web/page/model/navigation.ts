import type { Message, Spot, Status } from '../../wire.ts';
import { get } from './api.ts';
import { remember } from './memory.ts';
import { channelOf, isSameSpot, messagesAt, type State, type Store, spotKey } from './state.ts';

/** Shows a spot: the address names it, so that back and forward work and a reload stays. */
export function go(page: Store, spot: Spot): void {
  const hash = `#/${spotKey(spot)}`;
  if (location.hash === hash) arrive(page);
  else location.hash = hash;
}

/** Goes to a message and shows it. */
export function goToMessage(page: Store, { id, channel, thread }: Message): void {
  page.change({ sought: id });
  go(page, { channel, thread });
}

/** Shows what the address names. Draws at once, so that a key pressed right afterwards does not write into the place before. */
export function arrive(page: Store): void {
  const { state, change, draw } = page;
  const { sought } = state;
  const [, channel = '', thread = null] = location.hash.split('/');
  const isKnown = channelOf(state, channel) !== undefined;
  const spot = isKnown ? { channel, thread } : { channel: state.info.channels[0]?.id ?? '', thread: null };
  change({ spot, isSidebarOpen: false, sought: null });
  draw();
  markSeen(state);
  void refreshStatus(page);
  // On touch screens the focus would open the keyboard over the text.
  if (sought !== null) showMessage(sought);
  else if (matchMedia('(pointer: fine)').matches) focusComposer();
}

function showMessage(id: string): void {
  const message = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);
  message?.closest('.timeline')?.classList.add('scrolled-up');
  message?.scrollIntoView({ block: 'center' });
  message?.focus();
}

/** The composer of the open thread, or else of the channel. */
export function focusComposer(): void {
  [...document.querySelectorAll<HTMLTextAreaElement>('.composer textarea')].at(-1)?.focus();
}

/** Gets the content of the bar for the present viewer and spot. Never rejects. */
export async function refreshStatus({ state, change }: Store): Promise<void> {
  const { as, spot } = state;
  const status = await get<Status>('status', { as, ...spot }).catch(() => null);
  if (status !== null && as === state.as && isSameSpot(spot, state.spot)) change({ status });
}

/** Marks the messages of the open spots as seen, if the page is visible. */
export function markSeen(state: State): void {
  if (document.hidden) return;
  for (const spot of [state.spot, { channel: state.spot.channel, thread: null }]) {
    const newest = messagesAt(state, spot).at(-1)?.order ?? 0;
    const key = `${state.as}:${spotKey(spot)}`;
    if ((state.seen[key] ?? 0) >= newest) continue;
    state.seen[key] = newest;
    remember('browser', 'seen', state.seen);
  }
}

/** Opens the thread of a message as soon as it exists; true if that was at once. */
export function awaitThread(page: Store, id: string): boolean {
  const { awaited } = page.state;
  awaited.add(id);
  openAwaited(page);
  return !awaited.has(id);
}

/** Opens the awaited threads that exist by now. */
export function openAwaited(page: Store): void {
  const { messages, awaited } = page.state;
  for (const id of awaited) {
    const message = messages.get(id);
    if (message === undefined) continue;
    // A message that does not ask the bot.
    const isTalk = message.kind === 'said' && !message.addressed;
    if (message.threadTitle === null && !isTalk) continue;
    awaited.delete(id);
    // A viewer who has moved on stays there.
    const isHere = message.channel === page.state.spot.channel;
    if (!isTalk && isHere) go(page, { channel: message.channel, thread: id });
  }
}

/** On a phone the sidebar is a dialog: the focus moves into it, and back to where it was. */
export function toggleSidebar({ state, change, draw }: Store, isOpen: boolean): void {
  if (state.isSidebarOpen === isOpen) return;
  change({ isSidebarOpen: isOpen });
  draw();
  document.querySelector<HTMLElement>(isOpen ? '.close-sidebar' : '.open-sidebar')?.focus();
}
