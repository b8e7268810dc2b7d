import type { Route } from '../core/ports/adapter.ts';

/** Serves these paths with code that is loaded at the first request for one of them. A failed load is retried. */
export function loadedWhenAsked(
  paths: readonly string[],
  load: () => Promise<readonly Route[]>,
): readonly Route[] {
  let loading: Promise<readonly Route[]> | null = null;

  async function loaded(): Promise<readonly Route[]> {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = null;
      throw error;
    }
  }

  return paths.map((path) => ({
    path,
    async handle(request, response) {
      const route = (await loaded()).find((one) => one.path === path);
      if (route === undefined) throw new Error(`no route is served at ${path}`);
      await route.handle(request, response);
    },
  }));
}
