import { VERSION } from '../../core/kit/version.ts';
import { readStored, type StoreDependencies } from '../shared.ts';
import { copyDatabase, schemaVersionIn } from './copy.ts';
import type { Database } from './database.ts';
import { addIndexes, isParleys, migrate, SCHEMA_VERSION, schemaVersionOf } from './schema.ts';

/**
 * Brings a file to this version of Parley. What another version has written is copied first, to a file beside it that is
 * named after that version: `parley.db.of-0.1.0`. Several processes may do so at once.
 *
 * @throws StartError where the file is another program's, or of a newer schema
 * @throws StoreError where there is no room for the copy
 */
export async function upgrade(
  database: Database,
  path: string,
  { log }: Pick<StoreDependencies, 'log'>,
  version = VERSION,
): Promise<void> {
  const schema = await database.read(() => schemaVersionOf(database));
  const isKnown = schema <= SCHEMA_VERSION && (await database.read(() => isParleys(database)));
  const writer = isKnown ? await database.read(() => writerOf(database)) : null;
  const isOld = schema < SCHEMA_VERSION || writer !== version;
  if (isKnown && isOld) {
    const copy = `${path}.of-${writer ?? `schema-${schema}`}`;
    // Where another process was faster, it has made a copy of its own.
    const isOfBefore = (file: string) => schemaVersionIn(file) === schema;
    if (await copyDatabase(database, copy, isOfBefore)) {
      log.info({ copy }, `the store is of another version; copied it before ${version} changes it`);
    }
  }
  await migrate(database, path);
  await addIndexes(database);
  if (isOld) await database.write(() => noteWriter(database, version));
}

/** The version that opened the file last; null where it was one that did not note it. */
function writerOf(database: Database): string | null {
  const row = database.sql('SELECT value FROM keyv WHERE namespace = ? AND key = ?').get(...WRITER);
  if (row === undefined) return null;
  const { value } = readStored(String(row['value'])) as { readonly value?: unknown };
  return typeof value === 'string' && /^[\w.+-]+$/.test(value) ? value : null;
}

function noteWriter(database: Database, version: string): void {
  database
    .sql('INSERT OR REPLACE INTO keyv (namespace, key, value) VALUES (?, ?, ?)')
    .run(...WRITER, JSON.stringify({ value: version }));
}

/** Among the values of all kinds, so that an older version reads the file still. */
const WRITER = ['parley', 'version'] as const;
