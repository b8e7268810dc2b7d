/**
 * An HTTP request as `fetch` sends it: the part of the global one that Parley uses, so that either can be given.
 *
 * @throws RequestUnsent from `createFetch`, if nothing of the request was written; the signal's reason; TypeError for other faults
 */
export type Fetch = (url: string, init?: FetchInit) => Promise<FetchResponse>;

type Body = string | Uint8Array<ArrayBuffer> | FormData | null;

export interface FetchInit {
  /** Default: GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly signal?: AbortSignal | null;
  /** Only for the global `fetch`, which follows redirects by default; `createFetch` never does. */
  readonly redirect?: 'manual' | 'error';
}

export interface FetchResponse {
  readonly status: number;
  /** Whether the status is a 2xx. */
  readonly ok: boolean;
  readonly headers: FetchHeaders;
  /** To be read to its end or canceled, or else it holds its connection. Null for a status without one. */
  readonly body: FetchBody | null;
  /** Reads the body as UTF-8. */
  text(): Promise<string>;
}

export interface FetchHeaders {
  /** Ignores the case of the name. Null if there is no such header; one that is repeated comes as a list with commas. */
  get(name: string): string | null;
  entries(): Iterable<[string, string]>;
}

/** Can be read once, by a loop or a reader, one read at a time. Leaving the loop ends the request. */
export interface FetchBody extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  getReader(): BodyReader;
  cancel(): Promise<void>;
}

export type BodyReader = Pick<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, 'read' | 'cancel'>;

/** A `fetch` for libraries, which expect a `Response`. Reads each body to its end first, as UTF-8. */
export function webFetch(fetch: Fetch): typeof globalThis.fetch {
  return async (input, { method = 'GET', headers, body, signal } = {}) => {
    const response = await fetch(input instanceof Request ? input.url : String(input), {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      body: (body ?? null) as Body,
      signal: signal ?? null,
    });
    const { status } = response;
    const text = response.body === null ? null : await response.text();
    return new Response(text, { status, headers: [...response.headers.entries()] });
  };
}
