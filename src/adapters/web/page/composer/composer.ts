import type { Spot } from '../../wire.ts';
import { isTable, isText, recall, remember } from '../model/memory.ts';
import type { Page } from '../model/page.ts';
import { parseSlash } from '../model/slash.ts';
import { spotKey } from '../model/state.ts';
import type { Menu } from './slash-menu.ts';

/** The text fields, one for the channel and one for the thread, with what is not sent yet. */
export interface Composer {
  readonly page: Page;
  /** Texts by spot, kept over reloads. */
  readonly drafts: Record<string, string>;
  /** Attached files by spot. */
  readonly files: Map<string, Attachment[]>;
  /** The menu over one of the fields, if it is open. */
  menu: (Menu & { readonly key: string }) | null;
  /** The number of requests for a menu. */
  asked: number;
  /** A text that was not sent, and why; shown until it changes. */
  unsent: { readonly key: string; readonly text: string; readonly words: string } | null;
}

/** A file of a draft; uploaded at once. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  phase: 'leaving' | 'there' | 'refused';
  problem: string | null;
}

/** Begins with the texts of before the reload. */
export function createComposer(page: Page): Composer {
  const drafts = recall('tab', 'drafts', isTable(isText)) ?? {};
  return { page, drafts, files: new Map(), menu: null, asked: 0, unsent: null };
}

export function draftAt({ drafts }: Composer, spot: Spot): string {
  return drafts[spotKey(spot)] ?? '';
}

/** Draws the text at once, so that the next key goes into this text and not into the one before. */
export function writeDraft({ page, drafts }: Composer, spot: Spot, text: string): void {
  if (text === '') delete drafts[spotKey(spot)];
  else drafts[spotKey(spot)] = text;
  // Text after a command with a form is not stored, however misspelt, because it may be a secret.
  const isStored = (draft: string) => {
    const slash = parseSlash(draft.trimStart(), page.state.info.commands);
    return slash === null || slash.command?.form === null;
  };
  const stored = Object.entries(drafts).filter(([, draft]) => isStored(draft));
  remember('tab', 'drafts', Object.fromEntries(stored));
  page.draw();
}

/** The id of a composer's text field; ids of its menu begin with it. The page has at most one composer of each kind. */
export function fieldId({ thread }: Spot): string {
  return `composer-${thread === null ? 'channel' : 'thread'}`;
}

/** The text field of a composer that is shown. */
export function fieldAt(spot: Spot): HTMLTextAreaElement {
  return document.getElementById(fieldId(spot)) as HTMLTextAreaElement;
}
