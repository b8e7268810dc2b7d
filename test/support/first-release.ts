import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient } from '@keyv/redis';

/** The one that what v0.1.0 left was sealed under. */
export const FIRST_RELEASE_KEY = Buffer.alloc(32, 7).toString('base64');

const FOLDER = resolve('test/fixtures/v0.1.0');

/** Writes what v0.1.0 left as a SQLite file. */
export function firstReleaseFile(path: string): void {
  const file = new DatabaseSync(path);
  file.exec(readFileSync(`${FOLDER}/sqlite.sql`, 'utf8'));
  file.close();
}

/** Fills a Redis with what v0.1.0 left there. */
export async function firstReleaseRedis(url: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  for (const line of readFileSync(`${FOLDER}/redis.jsonl`, 'utf8').trimEnd().split('\n')) {
    await client.sendCommand(JSON.parse(line));
  }
  await client.close();
}
