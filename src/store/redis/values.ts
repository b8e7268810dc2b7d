import type { KeyvStoreAdapter } from 'keyv';
import { partsOfKey } from '../../core/ports/store.ts';
import type { RedisChanges } from './changes.ts';
import type { RedisConnection } from './connection.ts';
import { redisKey } from './key-index.ts';

/** Keyv's storage over Redis; `@keyv/redis` itself has no index. Keyv serializes. */
export function createRedisKeyvAdapter(
  { run }: RedisConnection,
  { write, setText }: RedisChanges,
): KeyvStoreAdapter {
  async function read(keys: readonly string[]): Promise<never> {
    const found = await run((client) => client.mGet(keys.map((key) => redisKey(...partsOfKey(key)))));
    return found.map((text) => text ?? undefined) as never;
  }

  const adapter: KeyvStoreAdapter = {
    opts: {},
    on: () => adapter,
    get: async (key) => (await read([key]))[0],
    getMany: read,
    set: setText,
    delete: async (key) => (await write([{ kind: 'delete', key }]))[0] === true,
    clear: () => Promise.reject(new Error('clear is not supported')),
  };
  return adapter;
}
