import type { Fetch, FetchHeaders } from '../../../core/ports/fetch.ts';
import type { Stage } from './stage.ts';

/** One response of a platform, as far as it concerns limits. */
export interface Observed {
  /** Method and path without ids, such as `PATCH /channels/:id/messages/:id`. */
  readonly route: string;
  readonly status: number;
  readonly headers: FetchHeaders;
}

/** A `fetch` that records responses, without bodies and credentials. */
export function createObserver(fetch: Fetch, apiUrl: string) {
  const seen: Observed[] = [];
  const observing: Fetch = async (url, init) => {
    const response = await fetch(url, init);
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

/** Reports how often a limit was hit. `inWords` names the route and what the headers say. */
export function reportHits(
  seen: readonly Observed[],
  what: 'requests' | 'calls',
  { findings, differs }: Stage,
  inWords: (route: string, headers: readonly FetchHeaders[]) => string,
): void {
  const limited = seen.filter(({ status }) => status === 429);
  if (limited.length === 0) findings.ok(`${seen.length} ${what}, none of which hit a limit`);
  for (const [route, hits] of Map.groupBy(limited, ({ route }) => route)) {
    const headers = hits.map((hit) => hit.headers);
    differs(`A limit was hit ${hits.length} times: ${inWords(route, headers)}`);
  }
}
