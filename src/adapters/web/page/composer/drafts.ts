import type { Spot } from '../../wire.ts';
import { isTable, isText, recall, remember } from '../model/memory.ts';
import { parseSlash } from '../model/slash.ts';
import { type Store, spotKey } from '../model/state.ts';

/** Texts that are not sent yet: one per spot, kept over reloads. */
export interface Drafts {
  at(spot: Spot): string;
  /** Draws it at once, so that the next key goes into this text and not into the one before. */
  write(spot: Spot, text: string): void;
}

/** The id of a composer's text field; ids of its menu begin with it. The page has at most one composer of each kind. */
export function fieldId({ thread }: Spot): string {
  return `composer-${thread === null ? 'channel' : 'thread'}`;
}

/** The text field of a composer that is shown. */
export function fieldAt(spot: Spot): HTMLTextAreaElement {
  return document.getElementById(fieldId(spot)) as HTMLTextAreaElement;
}

export function createDrafts({ state, draw }: Store): Drafts {
  const drafts = recall('tab', 'drafts', isTable(isText)) ?? {};

  /** Text after a command with a form is not stored, however misspelt, because it may be a secret. */
  function isStored(draft: string): boolean {
    const slash = parseSlash(draft.trimStart(), state.info.commands);
    return slash === null || slash.command?.form === null;
  }

  return {
    at: (spot) => drafts[spotKey(spot)] ?? '',
    write(spot, text) {
      if (text === '') delete drafts[spotKey(spot)];
      else drafts[spotKey(spot)] = text;
      const stored = Object.entries(drafts).filter(([, draft]) => isStored(draft));
      remember('tab', 'drafts', Object.fromEntries(stored));
      draw();
    },
  };
}
