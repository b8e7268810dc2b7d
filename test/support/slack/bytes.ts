/** The bytes of a text as UTF-8, once `&`, `<` and `>` are entities. */
export function bytesOf(text: string, isEscaped = false): number {
  const entities = isEscaped ? 0 : 4 * text.split('&').length + 3 * text.split(/[<>]/).length - 7;
  return Buffer.byteLength(text) + entities;
}
