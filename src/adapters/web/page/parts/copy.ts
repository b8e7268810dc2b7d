/** Copies a text, and tells whether that worked. */
export async function copy(text: string, notify: (words: string) => void): Promise<void> {
  await navigator.clipboard.writeText(text).then(
    () => notify('Copied.'),
    () => notify('The browser did not allow copying.'),
  );
}
