import { resolve } from 'node:path';
import { StartError } from '../core/ports/adapter.ts';
import { restoreFile } from '../store/sqlite/restore.ts';
import { REDIS_BACKUP } from './backup.ts';
import { type CliCommand, refuseMore, UsageError } from './command.ts';

/** Replaces the store by a backup. */
export const restore: CliCommand = {
  name: 'restore',
  summary: 'Replace the store with a backup',
  usage: ['restore <file>'],
  options: {},

  async runClosed({ positionals: [file, ...extra] }, { config, clock }) {
    if (file === undefined) throw new UsageError('The file to restore is missing.');
    refuseMore(extra);
    const { STORE_URL: url } = config;
    if (!url.startsWith('sqlite:')) throw new StartError(...REDIS_BACKUP);
    const path = resolve(url.slice('sqlite:'.length));
    const kept = restoreFile(resolve(file), path, clock.now());
    return {
      text: [
        `Restored ${path}.`,
        ...(kept === null ? [] : [`The previous store is in ${kept}.`]),
        'Start Parley with the ENCRYPTION_KEY that belongs to the backup.',
      ].join('\n'),
      json: { file: path, kept },
    };
  },
};
