import { StartError } from '../../core/ports/adapter.ts';
import type { Database } from './database.ts';

/** Marks a SQLite file as Parley's ("Prly"), so that another program's file is not taken for an old store. */
export const APPLICATION_ID = 0x50726c79;

/** Entry n takes a file from version n - 1 to n. Released entries never change. `STRICT` refuses values of other types. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE keyv (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at_ms INTEGER,
    PRIMARY KEY (namespace, key)
  ) STRICT;
  CREATE INDEX keyv_by_expiry ON keyv (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  CREATE TABLE counters (
    counter TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX counters_by_expiry ON counters (expires_at_ms);

  CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    generation_id TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX reservations_by_owner ON reservations (owner);
  CREATE INDEX reservations_by_lease ON reservations (lease_until_ms, id);

  CREATE TABLE records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    guild TEXT NOT NULL,
    user TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX records_by_time ON records (kind, at_ms);
  CREATE INDEX records_by_guild ON records (kind, guild, at_ms);
  CREATE INDEX records_by_user ON records (kind, guild, user, at_ms);

  CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    journal TEXT
  ) STRICT;
  CREATE INDEX claims_by_owner ON claims (owner) WHERE finished = 0;
  CREATE INDEX claims_by_lease ON claims (lease_until_ms) WHERE finished = 0;
  CREATE INDEX claims_by_expiry ON claims (expires_at_ms) WHERE finished = 1;
  `,
];

/** Older versions can read and write a file with these, so they are not a new schema version. */
const INDEXES = `
  CREATE INDEX IF NOT EXISTS reservations_by_guild ON reservations (json_extract(body, '$.entry.guild'));
`;

/** The version that this Parley writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Whether the file is marked as Parley's. */
export function isParleys(database: Database): boolean {
  return pragma(database, 'application_id') === APPLICATION_ID;
}

/** 0 for an empty file. */
export function schemaVersionOf(database: Database): number {
  return pragma(database, 'user_version');
}

/**
 * Updates a file to the newest schema in one transaction; several processes may do so at once.
 *
 * @throws StartError if the file is another program's, or of a newer version
 */
export async function migrate(database: Database, path: string, migrations = MIGRATIONS): Promise<void> {
  const fault = await database.write((): StartError | null => {
    const version = schemaVersionOf(database);
    if (version === 0 ? hasTables(database) : !isParleys(database)) {
      return new StartError(
        `${path} is a SQLite file, but not one of Parley's`,
        'Set STORE_URL to sqlite:PATH with the path of a file that does not exist yet.',
      );
    }
    if (version > migrations.length) {
      return new StartError(
        `${path} was written by a newer Parley: its schema version is ${version}, this Parley supports up to ${migrations.length}`,
        'Run the newer Parley again, or set STORE_URL to another file.',
      );
    }
    if (version === migrations.length) return null;
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
    return null;
  });
  if (fault) throw fault;
}

/** Adds indexes that are newer than the file's schema. */
export async function addIndexes(database: Database): Promise<void> {
  await database.write(() => database.exec(INDEXES));
}

function pragma(database: Database, name: 'user_version' | 'application_id'): number {
  return Number(database.sql(`PRAGMA ${name}`).get()?.[name]);
}

function hasTables(database: Database): boolean {
  return database.sql('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}
