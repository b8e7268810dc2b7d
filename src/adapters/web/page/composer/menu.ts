import type { Spot } from '../../wire.ts';
import { type Store, spotKey } from '../model/state.ts';
import { type Drafts, fieldAt } from './drafts.ts';
import { type Menu, menuAt } from './slash-menu.ts';

/** The open menu, if there is one: over one of the composers. */
export interface OpenMenu {
  at(spot: Spot): Menu | null;
  /** Offers what can follow at the caret. */
  complete(spot: Spot): Promise<void>;
  /** Inserts an item, and offers what can follow. */
  take(spot: Spot, index: number): void;
  /** Whether the key was meant for the menu. */
  onKey(event: KeyboardEvent, spot: Spot): boolean;
  close(): void;
}

export function createMenu({ state, change }: Store, drafts: Drafts): OpenMenu {
  let open: (Menu & { readonly key: string }) | null = null;
  let asked = 0;

  /** Only the answer to the newest request counts, because they may arrive in any order. */
  async function complete(spot: Spot): Promise<void> {
    asked += 1;
    const question = asked;
    const { value, selectionStart } = fieldAt(spot);
    const found = await menuAt(value, selectionStart, state, spot);
    if (question !== asked) return;
    open = found === null ? null : { ...found, key: spotKey(spot) };
    change();
  }

  function take(spot: Spot, index: number): void {
    const item = open?.items[index];
    if (open === null || item === undefined) return;
    const field = fieldAt(spot);
    // One space is enough.
    const to = field.value.charAt(open.to) === ' ' ? open.to + 1 : open.to;
    field.setRangeText(`${item.insert} `, open.from, to, 'end');
    drafts.write(spot, field.value);
    field.focus();
    void complete(spot);
  }

  function move(active: number): void {
    if (open !== null) open = { ...open, active };
    change();
  }

  function close(): void {
    asked += 1;
    open = null;
    change();
  }

  const at = (spot: Spot) => (open?.key === spotKey(spot) ? open : null);

  return {
    at,
    complete,
    take,
    onKey({ key, shiftKey }, spot) {
      const menu = at(spot);
      if (menu === null) return false;
      const { active, items } = menu;
      if (key === 'ArrowDown') move((active + 1) % items.length);
      else if (key === 'ArrowUp') move(active <= 0 ? items.length - 1 : active - 1);
      else if (key === 'Tab') take(spot, Math.max(active, 0));
      else if (key === 'Enter' && active >= 0 && !shiftKey) take(spot, active);
      else if (key === 'Escape') close();
      else return false;
      return true;
    },
    close,
  };
}
