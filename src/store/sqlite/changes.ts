import type { Change, Store } from '../../core/ports/store.ts';
import { checkChanges } from '../checks.ts';
import { stored, textOf } from '../shared.ts';
import { finishClaim, writeJournal } from './claims.ts';
import type { Database } from './database.ts';
import { settleReservation } from './ledger.ts';
import { insertRecord } from './records.ts';
import type { ValueRows } from './values.ts';

/** `Store.write`: changes of one call are one transaction. */
export function createSqliteWrite(database: Database, rows: ValueRows): Store['write'] {
  function make(change: Change): boolean {
    const isMade = changed(change);
    if (isMade && change.record) insertRecord(database, change.record);
    return isMade;
  }

  function changed(change: Change): boolean {
    switch (change.kind) {
      case 'set':
        return put(change);
      case 'delete':
        return rows.drop(change.key);
      case 'replace':
        if (rows.find(change.key) !== textOf(change.before)) return false;
        if (change.value !== undefined) return put(change);
        rows.drop(change.key);
        return true;
      case 'journal':
        return writeJournal(database, change.claim, change.journal);
      case 'finish':
        return finishClaim(database, change.claim);
      case 'settle':
        return settleReservation(database, change);
    }
  }

  function put({ key, value, ttlMs }: { key: string; value: unknown; ttlMs?: number }): true {
    rows.put(key, textOf(stored(value, ttlMs)), ttlMs);
    return true;
  }

  return async (changes) => {
    checkChanges(changes);
    return database.write(() => changes.map(make));
  };
}
