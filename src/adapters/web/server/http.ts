import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';

/** A request that is not served; `message` says why, for people. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code = 'refused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Room for the longest message, in UTF-8 and JSON's escapes, and what goes with it. */
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

/** Reads a JSON body of the schema's shape. @throws Refused with 413, 415 or 400 */
export async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    throw new Refused(415, 'The body must be application/json.');
  }
  const parsed = schema.safeParse(parseJson(await readBody(request)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refused(400, `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'not valid'}`);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Refused(413, `The body is longer than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'The body is not JSON.');
  }
}
