import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../core/kit/text/text.ts';
import { StartError } from '../../core/ports/adapter.ts';
import { openStore } from '../../store/open-store.ts';
import { inspectFile } from '../../store/sqlite/restore.ts';
import { type Check, createFindings, type Findings } from './check.ts';
import type { ProviderCheckOptions } from './providers.ts';

/** Checks whether the store is usable. Changes nothing in it. */
export async function checkStore({
  config,
  clock,
  log,
}: Pick<ProviderCheckOptions, 'config' | 'clock' | 'log'>): Promise<readonly Check[]> {
  const findings = createFindings('Store');
  const { STORE_URL: url } = config;
  try {
    if (url === 'memory:') {
      findings.warn(
        'The store is in memory, so a restart loses everything',
        'Set STORE_URL=sqlite:data/parley.db',
      );
    } else if (url.startsWith('sqlite:')) {
      checkFile(resolve(url.slice('sqlite:'.length)), findings);
    } else {
      const store = await openStore(url, { clock, log, mustExist: true });
      try {
        await store.ping();
        findings.ok('Redis answers');
      } finally {
        await store.close();
      }
    }
  } catch (error) {
    const remedy = error instanceof StartError ? error.remedy : 'See docs/backup.md for restoring a backup';
    findings.fail(messageOf(error), remedy);
  }
  return findings.checks;
}

function checkFile(path: string, { ok, off, warn }: Findings): void {
  if (!existsSync(path)) {
    off(`There is no store at ${path} yet`, 'The first start creates it');
    return;
  }
  const { isOlder } = inspectFile(path);
  const size = `${(statSync(path).size / 1e6).toFixed(1)} MB`;
  if (isOlder) {
    warn(`${path} (${size}) was written by an older Parley`, 'The next start makes a copy and updates it');
  } else ok(`${path} (${size}) is intact`);
}
