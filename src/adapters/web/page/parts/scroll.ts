/** Scrolling in a timeline. A reader at the end stays at the end while text grows; one who has scrolled up stays in place. */

const SCROLLED_UP = 'scrolled-up';
/** With zoom, distances are fractions of pixels. */
const AT_END_PX = 4;
const lastTopPx = new WeakMap<Element, number>();

/** Call after each drawing, and whenever the available room changes. */
export function keepAtEnd(): void {
  for (const timeline of document.querySelectorAll(`.timeline:not(.${SCROLLED_UP})`)) {
    timeline.scrollTop = timeline.scrollHeight;
  }
}

/** Scrolls the control's timeline to its end. */
export function goToEnd(control: Element): void {
  control.closest('.channel, .thread')?.querySelector('.timeline')?.classList.remove(SCROLLED_UP);
  keepAtEnd();
}

/** Only scrolling up leaves the end, because growing text moves the position too. */
export function onScroll({ currentTarget: timeline }: Event): void {
  if (!(timeline instanceof Element)) return;
  const { scrollHeight, scrollTop, clientHeight } = timeline;
  if (scrollHeight - scrollTop - clientHeight <= AT_END_PX) timeline.classList.remove(SCROLLED_UP);
  else if (scrollTop < (lastTopPx.get(timeline) ?? 0)) timeline.classList.add(SCROLLED_UP);
  lastTopPx.set(timeline, scrollTop);
}

/**
 * Arrow keys move from message to message. A message's actions can be tabbed to only while it has the focus, so that they are
 * not all between the messages and the composer.
 */
export function onArrow(event: KeyboardEvent): void {
  const { currentTarget: timeline, target, key } = event;
  if (!(timeline instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const isMessage = target.matches('.message');
  if ((key !== 'ArrowUp' && key !== 'ArrowDown') || (target !== timeline && !isMessage)) return;
  const messages = [...timeline.querySelectorAll<HTMLElement>('.message')];
  const at = isMessage ? messages.indexOf(target) : messages.length;
  const next = messages[at + (key === 'ArrowUp' ? -1 : 1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
