/** The bytes of a response, as they arrive. */
export interface Body {
  /** Resolves to null at the end. Reads from the network only when called. */
  read(): Promise<Uint8Array | null>;
  /** Ends the HTTP request. Never rejects. */
  cancel(): Promise<void>;
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

/** The first byte of gzip. No text begins with it. */
const GZIP = 0x1f;
/** Formats that the bytes alone do not reveal. */
type Format = ConstructorParameters<typeof DecompressionStream>[0];
const NAMED: Readonly<Record<string, Format>> = { br: 'brotli', deflate: 'deflate' };

/**
 * Opens a body and decompresses it if needed. Some servers compress despite `identity`, and some gateways do so without a
 * header.
 */
export function openBody(response: Response): Body {
  let reader: Reader | null = response.body?.getReader() ?? null;
  let isFirst = true;

  return {
    async read() {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || value === undefined) return null;
      if (!isFirst || reader === null || value.byteLength === 0) return value;
      isFirst = false;
      const encoding = response.headers.get('content-encoding')?.trim().toLowerCase() ?? '';
      const format = value[0] === GZIP ? 'gzip' : NAMED[encoding];
      if (format === undefined) return value;
      reader = decompressed(value, reader, format);
      return (await reader.read()).value ?? null;
    },
    async cancel() {
      await reader?.cancel().catch(() => {});
    },
  };
}

/** The body as an iterable. Leaving the loop ends the HTTP request. */
export async function* partsOf(response: Response): AsyncGenerator<Uint8Array, void, void> {
  const body = openBody(response);
  try {
    for (let part = await body.read(); part !== null; part = await body.read()) yield part;
  } finally {
    await body.cancel();
  }
}

function decompressed(first: Uint8Array, rest: Reader, format: Format): Reader {
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
