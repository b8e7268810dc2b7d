import type { Controller } from '../model/controller.ts';

/** Copies a text, and shows whether that worked. */
export async function copy(text: string, controller: Controller): Promise<void> {
  const isDone = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  controller.notify(isDone ? 'Copied.' : 'The browser did not allow copying.');
}
