import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { partsOf } from '../../../../src/core/provider/answer/response-body.ts';

const TEXT = 'data: {"delta":"Fjords, and more fjords."}\n\n'.repeat(20);

/** A body that comes in chunks of this many bytes, after an empty one. */
function responseOf(bytes: Uint8Array<ArrayBuffer>, chunkBytes: number, encoding: string | null): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array());
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        controller.enqueue(bytes.slice(at, at + chunkBytes));
      }
      controller.close();
    },
  });
  return new Response(body, encoding === null ? {} : { headers: { 'content-encoding': encoding } });
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of partsOf(response)) text += decoder.decode(part, { stream: true });
  return text;
}

describe.each([
  ['plain', (text: string) => new TextEncoder().encode(text), null],
  ['gzip', gzipSync, 'gzip'],
  ['gzip that is not announced', gzipSync, null],
  ['deflate', deflateSync, 'deflate'],
  ['brotli', brotliCompressSync, 'br'],
] as const)('a body in %s', (_, pack, encoding) => {
  it.each([1, 2, 7, 1_000_000])('is read whole in chunks of %d bytes', async (chunkBytes) => {
    expect(await textOf(responseOf(new Uint8Array(pack(TEXT)), chunkBytes, encoding))).toBe(TEXT);
  });
});

it('a response without a body has no parts', async () => {
  expect(await textOf(new Response(null))).toBe('');
});
