/** Reads a UTF-8 body to its end. Resolves to null, and stops reading, once it exceeds `maxBytes`. */
export async function readBody(parts: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string | null> {
  const utf8 = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.byteLength;
    if (bytes > maxBytes) return null;
    text += utf8.decode(part, { stream: true });
  }
  return text + utf8.decode();
}
