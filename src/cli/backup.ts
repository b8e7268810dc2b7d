import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StartError } from '../core/ports/adapter.ts';
import { restoreFile } from '../store/sqlite/restore.ts';
import { type CliCommand, UsageError } from './command.ts';

/** Copies the store to a file. */
export const backup: CliCommand = {
  name: 'backup',
  summary: 'Copy the store to a file, while the bot runs',
  usage: ['backup <file> [--force]'],
  options: { force: { type: 'boolean' } },

  async run(args, { config, store }) {
    const [file] = args.words(1);
    if (file === undefined) throw new UsageError('The file to write is missing.');
    if (store.copyTo === undefined) throw new StartError(...REDIS_BACKUP);
    const path = resolve(file);
    if (!existsSync(dirname(path))) {
      throw new StartError(`There is no folder ${dirname(path)}.`, 'Create it, or name another file.');
    }
    if (existsSync(path) && !args.has('force')) {
      throw new StartError(`${path} already exists.`, 'Name another file, or overwrite it with --force.');
    }
    await store.copyTo(path);
    const { size } = statSync(path);
    const withKeys = config.ENCRYPTION_KEY === undefined ? '' : `\n${KEY_BELONGS}`;
    return {
      text: `Copied the store to ${path} (${(size / 1e6).toFixed(1)} MB).${withKeys}`,
      json: { file: path, bytes: size },
    };
  },
};

const KEY_BELONGS =
  'Keep a copy of ENCRYPTION_KEY elsewhere. Without it, the API keys that guilds connected are lost.';

const REDIS_BACKUP = [
  'The store is in Redis, which makes its own backups.',
  'Run `redis-cli -u STORE_URL --rdb FILE`, and see docs/backup.md for restoring it.',
] as const;

/** Replaces the store by a backup. */
export const restore: CliCommand = {
  name: 'restore',
  summary: 'Replace the store with a backup',
  usage: ['restore <file>'],

  async runClosed(args, { config, clock }) {
    const [file] = args.words(1);
    if (file === undefined) throw new UsageError('The file to restore is missing.');
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
