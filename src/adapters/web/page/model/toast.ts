import type { Store } from './state.ts';

const TOAST_MS = 6_000;

/** Shows a text for a while, in the place of the one before. */
export function createToast({ change }: Store): (text: string) => void {
  let timer: number | undefined;

  return (toast) => {
    window.clearTimeout(timer);
    change({ toast });
    timer = window.setTimeout(() => change({ toast: null }), TOAST_MS);
  };
}
