import { StartError } from '../core/ports/adapter.ts';
import type { Store } from '../core/ports/store.ts';
import type { StoreDependencies } from './shared.ts';
import { IN_MEMORY, openSqliteStore } from './sqlite/store.ts';

/**
 * Opens the store of `STORE_URL`: `sqlite:PATH`, `memory:` (gone with the process), `redis://…` or `rediss://…`.
 *
 * @throws StartError with a remedy, if it cannot be opened
 */
export async function openStore(url: string, dependencies: StoreDependencies): Promise<Store> {
  if (url === 'memory:') return openSqliteStore(IN_MEMORY, dependencies);
  if (url.startsWith('sqlite:')) return openSqliteStore(url.slice('sqlite:'.length), dependencies);
  if (!/^rediss?:/.test(url)) {
    throw new StartError(
      'STORE_URL has an unknown form',
      'Set it to sqlite:PATH, redis://HOST:PORT or memory:.',
    );
  }
  // Loaded only if used, because it takes longer than everything else.
  const { openRedisStore } = await import('./redis/store.ts');
  return openRedisStore(url, dependencies);
}
