import type { Spot } from '../../wire.ts';

/** The id of a composer's text field; ids of its menu begin with it. The page has at most one composer of each kind. */
export function fieldId({ thread }: Spot): string {
  return `composer-${thread === null ? 'channel' : 'thread'}`;
}

/** The text field of a composer that is shown. */
export function fieldAt(spot: Spot): HTMLTextAreaElement {
  return document.getElementById(fieldId(spot)) as HTMLTextAreaElement;
}
