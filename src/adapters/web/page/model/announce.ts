import type { Changes, Item } from '../../wire.ts';
import { isSameSpot, personName, type State } from './state.ts';

/** The text that a screen reader reads for a change: that an answer began and how it ended, but not its growth. */
export function announce(state: State, changes: Changes): void {
  for (const [key, item] of changes.items) {
    const words = wordsFor(state, key, item);
    if (words !== null) say(words);
  }
}

function wordsFor(state: State, key: string, item: Item): string | null {
  if (item.kind === 'status' || item.kind === 'activity' || !isSameSpot(item, state.spot)) return null;
  const before = state.messages.get(key);
  if (item.kind === 'notice') return before === undefined ? `Parley, only to you: ${item.text}` : null;
  if (item.kind === 'said') {
    return before === undefined && item.user !== state.as
      ? `${personName(state, item.user)}: ${item.text}`
      : null;
  }
  const was = before?.kind === 'answer' ? before.status : null;
  if (item.status === was) return null;
  switch (item.status) {
    case 'streaming':
      return was === null ? 'Parley is answering.' : null;
    case 'sealed':
      return null;
    case 'complete':
      return `Parley answered: ${item.text.slice(0, 300)}`;
    case 'stopped':
    case 'failed':
    case 'interrupted':
      return item.note ?? 'The answer ended early.';
  }
}

function say(words: string): void {
  const region = document.getElementById('announcer');
  if (region !== null) region.textContent = words;
}
