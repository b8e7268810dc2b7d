import type { Spot } from '../../wire.ts';
import { spotKey } from '../model/state.ts';
import { type Composer, fieldAt, writeDraft } from './composer.ts';
import { type Menu, suggest } from './slash-menu.ts';

/** The menu, if it is open over this composer. */
export function menuAt({ menu }: Composer, spot: Spot): Menu | null {
  return menu?.key === spotKey(spot) ? menu : null;
}

/** Offers what can follow at the caret. Only the answer to the newest request counts, because they may arrive in any order. */
export async function complete(composer: Composer, spot: Spot): Promise<void> {
  composer.asked += 1;
  const { asked, page } = composer;
  const { value, selectionStart } = fieldAt(spot);
  const found = await suggest(value, selectionStart, page.state, spot);
  if (asked !== composer.asked) return;
  composer.menu = found === null ? null : { ...found, key: spotKey(spot) };
  page.change();
}

/** Inserts an item, and offers what can follow. */
export function take(composer: Composer, spot: Spot, index: number): void {
  const { menu } = composer;
  const item = menu?.items[index];
  if (menu === null || item === undefined) return;
  const field = fieldAt(spot);
  // One space is enough.
  const to = field.value.charAt(menu.to) === ' ' ? menu.to + 1 : menu.to;
  field.setRangeText(`${item.insert} `, menu.from, to, 'end');
  writeDraft(composer, spot, field.value);
  field.focus();
  void complete(composer, spot);
}

export function closeMenu(composer: Composer): void {
  composer.asked += 1;
  composer.menu = null;
  composer.page.change();
}

/** Whether the key was meant for the menu. */
export function onMenuKey(composer: Composer, { key, shiftKey }: KeyboardEvent, spot: Spot): boolean {
  const menu = menuAt(composer, spot);
  if (menu === null) return false;
  const { active, items } = menu;
  const move = (to: number) => {
    if (composer.menu !== null) composer.menu = { ...composer.menu, active: to };
    composer.page.change();
  };
  if (key === 'ArrowDown') move((active + 1) % items.length);
  else if (key === 'ArrowUp') move(active <= 0 ? items.length - 1 : active - 1);
  else if (key === 'Tab') take(composer, spot, Math.max(active, 0));
  else if (key === 'Enter' && active >= 0 && !shiftKey) take(composer, spot, active);
  else if (key === 'Escape') closeMenu(composer);
  else return false;
  return true;
}
