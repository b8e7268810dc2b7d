import type { LogRecord, RecordQuery, RecordStore } from '../ports/store.ts';

/** The records of one kind in the store. */
export interface RecordLog<T> {
  /** Newest first. */
  query(query: LogQuery): AsyncIterable<T>;
  /** Resolves to the number of removed records. For retention and `/forget`. */
  remove(query: LogQuery): Promise<number>;
}

export type LogQuery = Omit<RecordQuery, 'kind'>;

/** @param read converts a stored record */
export function createRecordLog<T>(
  records: RecordStore,
  kind: string,
  read: (record: Omit<LogRecord, 'kind'>) => T,
): RecordLog<T> {
  return {
    async *query(query) {
      for await (const record of records.query({ ...query, kind })) yield read(record);
    },
    remove: (query) => records.remove({ ...query, kind }),
  };
}
