import { VERSION } from '../../core/kit/version.ts';
import { readStored, type StoreDependencies } from '../shared.ts';
import { copyDatabase, schemaVersionIn } from './copy.ts';
import type { Database } from './database.ts';
import { addIndexes, isParleys, migrate, SCHEMA_VERSION, schemaVersionOf } from './schema.ts';

/**
 * Updates a file to this version of Parley. First copies a file of another version to one named after it:
 * `parley.db.of-0.1.0`. Several processes may do so at once.
 *
 * @throws StartError if the file is another program's, or of a newer schema
 * @throws StoreError if there is no room for the copy
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
    // If another process was faster, it has made its own copy.
    const isOfBefore = (file: string) => schemaVersionIn(file) === schema;
    if (await copyDatabase(database, copy, isOfBefore)) {
      log.info({ copy }, `the store was written by another version; copied it before ${version} changes it`);
    }
  }
  await migrate(database, path);
  await addIndexes(database);
  if (isOld) await database.write(() => noteWriter(database, version));
}

/** The version that opened the file last; null for versions that did not store it. */
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

/** Stored among the values, so that older versions can still read the file. */
const WRITER = ['parley', 'version'] as const;
