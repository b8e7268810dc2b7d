import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { readBody } from '../core/kit/body.ts';
import { parseJson } from '../core/kit/json.ts';

/** A refused request; `message` tells people why. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code = 'refused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Enough for the longest message in UTF-8 with JSON escapes, and its other fields. */
const MAX_BODY_BYTES = 128 * 1024;

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.byteLength,
    'cache-control': 'no-store',
  });
  response.end(body);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

/**
 * Reads a JSON body and validates it.
 * @throws Refused with 413, 415 or 400
 */
export async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    throw new Refused(415, 'The body must be application/json.');
  }
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === null) throw new Refused(413, `The body is longer than ${MAX_BODY_BYTES} bytes.`);
  const value = parseJson(body);
  if (value === undefined) throw new Refused(400, 'The body is not JSON.');
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refused(400, `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'not valid'}`);
}

/**
 * Reads a file from a request's body.
 * @throws Refused with 415 or 413
 */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  // Browsers let other sites send this type only after a preflight request.
  if (request.headers['content-type'] !== 'application/octet-stream') {
    throw new Refused(415, 'The body must be application/octet-stream.');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new Refused(413, `A file may have at most ${Math.round(maxBytes / 1_000_000)} MB.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
