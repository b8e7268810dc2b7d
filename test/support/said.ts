/** The messages of a request after its system prompt, without the day that the newest one ends with. */
export function saidIn(
  body: { readonly messages: readonly { readonly content: string }[] } | undefined,
): string[] {
  const contents = (body?.messages ?? []).slice(1).map(({ content }) => content);
  return contents.with(-1, withoutDay(contents.at(-1) ?? ''));
}

/** @throws Error if it names no day */
export function withoutDay(message: string): string {
  const [, text] = /^(.*)\n\n\(Today is \d{4}-\d\d-\d\d\.\)$/s.exec(message) ?? [];
  if (text === undefined) throw new Error(`it does not end with the day: ${message}`);
  return text;
}
