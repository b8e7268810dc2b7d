/** Moving about in a timeline. A reader who is at its end stays there while text grows; one who scrolled up is left in peace. */

const SCROLLED_UP = 'scrolled-up';
/** Distances are fractions of pixels where the page is zoomed. */
const AT_END_PX = 4;
const lastTopPx = new WeakMap<Element, number>();

/** After each drawing, and whenever there is more or less room. */
export function keepAtEnd(): void {
  for (const timeline of document.querySelectorAll(`.timeline:not(.${SCROLLED_UP})`)) {
    timeline.scrollTop = timeline.scrollHeight;
  }
}

/** To the end of the timeline that belongs to this control. */
export function goToEnd(control: Element): void {
  control.closest('.channel, .thread')?.querySelector('.timeline')?.classList.remove(SCROLLED_UP);
  keepAtEnd();
}

/** Only upwards is away from the end: a text that grew in between moves it, too. */
export function onScroll({ currentTarget: timeline }: Event): void {
  if (!(timeline instanceof Element)) return;
  const { scrollHeight, scrollTop, clientHeight } = timeline;
  if (scrollHeight - scrollTop - clientHeight <= AT_END_PX) timeline.classList.remove(SCROLLED_UP);
  else if (scrollTop < (lastTopPx.get(timeline) ?? 0)) timeline.classList.add(SCROLLED_UP);
  lastTopPx.set(timeline, scrollTop);
}

/**
 * Arrows go from message to message. The actions of a message can be tabbed to while it has the focus, so that not all of
 * them stand between the messages and the composer.
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
