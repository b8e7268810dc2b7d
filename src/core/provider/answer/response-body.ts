import type { Clock } from '../../kit/time/clock.ts';
import { waitAtMost } from '../../kit/time/deadline.ts';
import type { BodyReader, FetchResponse } from '../../ports/fetch.ts';

type Read = ReturnType<BodyReader['read']>;

/** The first byte of gzip. No text begins with it. */
const GZIP = 0x1f;
/** Formats that the bytes alone do not reveal. */
type Format = ConstructorParameters<typeof DecompressionStream>[0];
const NAMED: Readonly<Record<string, Format>> = { br: 'brotli', deflate: 'deflate' };

/** The end of a body comes with its last data or some milliseconds later. A server that keeps on sending is not waited for. */
const END_WITHIN_MS = 1_000;
const MOST_READS_TO_END = 4;

/**
 * The bytes of a response, as they arrive, decompressed if needed. Some servers compress despite `identity`, and some gateways
 * do so without a header.
 */
export class ResponseBody {
  #reader: BodyReader | null;
  /** Null once something was read. */
  #encoding: string | null;

  constructor({ body, headers }: FetchResponse) {
    this.#reader = body?.getReader() ?? null;
    this.#encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  }

  /** Reads from the network only when called. */
  read(): Read {
    if (this.#reader === null) return Promise.resolve({ done: true, value: undefined });
    return this.#encoding === null ? this.#reader.read() : this.#readFirst(this.#reader, this.#encoding);
  }

  async #readFirst(reader: BodyReader, encoding: string): Promise<Awaited<Read>> {
    const read = await reader.read();
    if (read.done || read.value.byteLength === 0) return read;
    this.#encoding = null;
    const format = read.value[0] === GZIP ? 'gzip' : NAMED[encoding];
    if (format === undefined) return read;
    this.#reader = decompressed(read.value, reader, format);
    return this.#reader.read();
  }

  /**
   * Ends the HTTP request after the last data that matters. Waits up to 1 s for the end of the body, which often comes in a packet
   * of its own: the connection can then serve the next request. Never rejects.
   */
  async leave(clock: Clock): Promise<void> {
    await waitAtMost(clock, END_WITHIN_MS, this.#skipRest()).catch(() => {});
    await this.cancel();
  }

  async #skipRest(): Promise<void> {
    let isOver = false;
    for (let reads = 0; !isOver && reads < MOST_READS_TO_END; reads++) isOver = (await this.read()).done;
  }

  /** Ends the HTTP request. Never rejects. */
  async cancel(): Promise<void> {
    await this.#reader?.cancel().catch(() => {});
  }
}

/** The body as an iterable. Leaving the loop ends the HTTP request. */
export async function* partsOf(response: FetchResponse): AsyncGenerator<Uint8Array, void, void> {
  const body = new ResponseBody(response);
  try {
    for (let part = await body.read(); !part.done; part = await body.read()) yield part.value;
  } finally {
    await body.cancel();
  }
}

function decompressed(first: Uint8Array, rest: BodyReader, format: Format): BodyReader {
  const packed = new ReadableStream(
    {
      start: (controller) => controller.enqueue(first),
      async pull(controller) {
        const { done, value } = await rest.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => rest.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return packed.pipeThrough(new DecompressionStream(format)).getReader();
}
