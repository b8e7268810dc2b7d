import type { Attachment } from './world.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly files: readonly Attachment[];
}

/** The body that a route answers with; undefined is 204. Refusals are thrown as `ApiError`. */
export type Handler = (call: Call) => object | undefined;

export interface Route {
  readonly method: string;
  /** With `:name` for each parameter. */
  readonly path: string;
  /** Whether the request needs the bot's token; the routes of an interaction carry their own. */
  readonly bot: boolean;
  readonly handle: Handler;
}

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | null {
  const compiled = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
  }));
  return (method, path) => {
    for (const { route, pattern } of compiled) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (match) return { route, params: decoded(match.groups ?? {}) };
    }
    return null;
  };
}

function decoded(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}
