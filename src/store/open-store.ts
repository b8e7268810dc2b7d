import { StartError } from '../core/ports/adapter.ts';
import type { Store } from '../core/ports/store.ts';
import type { StoreDependencies } from './shared.ts';
import { IN_MEMORY, openSqliteStore } from './sqlite/store.ts';

/**
 * Opens the store that `STORE_URL` names: `sqlite:PATH`, `memory:` (gone with the process), `redis://…` or `rediss://…`.
 *
 * @throws StartError where it cannot be opened, with what to do about it.
 */
export async function openStore(url: string, dependencies: StoreDependencies): Promise<Store> {
  if (url === 'memory:') return openSqliteStore(IN_MEMORY, dependencies);
  if (url.startsWith('sqlite:')) return openSqliteStore(url.slice('sqlite:'.length), dependencies);
  if (!/^rediss?:/.test(url)) {
    throw new StartError(
      'STORE_URL names no store that Parley knows',
      'Set it to sqlite:PATH, redis://HOST:PORT or memory:.',
    );
  }
  // Loaded only where it is used: it takes longer to load than all the rest of the store.
  const { openRedisStore } = await import('./redis/store.ts');
  return openRedisStore(url, dependencies);
}
