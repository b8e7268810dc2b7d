/** One response of a platform, as far as it concerns limits. */
export interface Observed {
  /** Method and path without ids, such as `PATCH /channels/:id/messages/:id`. */
  readonly route: string;
  readonly status: number;
  readonly headers: Headers;
}

/** A `fetch` that records responses, without bodies and credentials. */
export function createObserver(fetch: typeof globalThis.fetch, apiUrl: string) {
  const seen: Observed[] = [];
  const observing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const url = input instanceof Request ? input.url : String(input);
    if (url.startsWith(apiUrl)) {
      const path = url
        .slice(apiUrl.length)
        .replace(/\?.*$/, '')
        .replace(/^\/v\d+/, '')
        .replaceAll(/\d{15,}/g, ':id');
      const method = init?.method ?? 'GET';
      seen.push({ route: `${method} ${path}`, status: response.status, headers: response.headers });
    }
    return response;
  };
  return { fetch: observing, seen };
}
