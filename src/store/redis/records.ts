import type { LogRecord, RecordQuery, RecordStore } from '../../core/ports/store.ts';
import { readStored } from '../shared.ts';
import { type RedisConnection, script } from './connection.ts';
import { RECORD_SEQ, RECORDS, recordIndex } from './keys.ts';

const PAGE = 500;
/** Times have 13 digits until the year 2286. */
const TIME_DIGITS = 15;

const APPEND = script(RECORDS, RECORD_SEQ)`
local member = ARGV[1] .. ':' .. string.format('%016.0f', redis.call('INCR', KEYS[2]))
redis.call('HSET', KEYS[1], member, ARGV[2])
for i = 3, #KEYS do redis.call('ZADD', KEYS[i], 0, member) end
`;

/** `RecordStore` in Redis. A page of records is removed in one step. */
export function createRedisRecords({ run, runScript }: RedisConnection): RecordStore {
  async function* pages(query: RecordQuery): AsyncGenerator<[member: string, record: LogRecord][]> {
    const index = recordIndex(query.kind, query.of?.guild, query.of?.user);
    const from = query.fromMs === undefined ? '-' : `[${padded(query.fromMs)}`;
    let before = query.toMs === undefined ? '+' : `(${padded(query.toMs)}`;
    for (;;) {
      const page = await run(async (client) => {
        const members = await client.zRange(index, before, from, {
          BY: 'LEX',
          REV: true,
          LIMIT: { offset: 0, count: PAGE },
        });
        return { members, texts: members.length === 0 ? [] : await client.hmGet(RECORDS, members) };
      });
      yield page.members.flatMap((member, at): [string, LogRecord][] => {
        const text = page.texts[at];
        // Deleted between the two reads.
        return text ? [[member, readStored(text) as LogRecord]] : [];
      });
      const last = page.members.at(-1);
      if (last === undefined || page.members.length < PAGE) return;
      before = `(${last}`;
    }
  }

  return {
    async append(record) {
      await runScript(APPEND, recordValues(record), indexesOf(record));
    },

    async *query(query) {
      for await (const page of pages(query)) for (const [, record] of page) yield record;
    },

    async remove(query) {
      let removed = 0;
      for await (const page of pages(query)) {
        if (page.length === 0) continue;
        removed += await run(async (client) => {
          const step = client.multi().hDel(
            RECORDS,
            page.map(([member]) => member),
          );
          for (const [member, record] of page) {
            for (const index of indexesOf(record)) step.zRem(index, member);
          }
          const [count] = await step.exec();
          return Number(count);
        });
      }
      return removed;
    },
  };
}

export function indexesOf({ kind, guild, user }: LogRecord): string[] {
  return [recordIndex(kind), recordIndex(kind, guild), recordIndex(kind, guild, user)];
}

export function recordValues(record: LogRecord): string[] {
  return [padded(record.atMs), JSON.stringify(record)];
}

function padded(atMs: number): string {
  return String(atMs).padStart(TIME_DIGITS, '0');
}
