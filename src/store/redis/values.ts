import type { KeyvStoreAdapter } from 'keyv';
import { partsOfKey } from '../../core/ports/store.ts';
import { keyvAdapter } from '../shared.ts';
import type { RedisChanges } from './changes.ts';
import type { RedisConnection } from './connection.ts';
import { redisKey } from './key-index.ts';

/** Keyv's storage over Redis; `@keyv/redis` itself has no index. */
export function createRedisKeyvAdapter(
  { run }: RedisConnection,
  { write, setText }: RedisChanges,
): KeyvStoreAdapter {
  return keyvAdapter({
    async getMany(keys) {
      const found = await run((client) => client.mGet(keys.map((key) => redisKey(...partsOfKey(key)))));
      return found.map((text) => text ?? undefined) as never;
    },
    set: setText,
    delete: async (key) => (await write([{ kind: 'delete', key }]))[0] === true,
  });
}
