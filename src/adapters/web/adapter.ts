import type { Logger } from 'pino';
import type { CollectionStore } from '../../core/coordination/collection.ts';
import { createRunning } from '../../core/kit/scheduling/tasks.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import type { Adapter } from '../../core/ports/adapter.ts';
import type { Login } from '../../http/login.ts';
import { createApi, type Endpoint } from './server/api.ts';
import type { PlaygroundHost } from './server/host.ts';
import { PEOPLE } from './server/people.ts';
import { createRoom } from './server/room.ts';
import { createHandler } from './server/serve.ts';
import { reopenWebSurface, tellAdmins } from './server/surface.ts';
import { createUploads } from './server/uploads.ts';

export interface WebAdapterOptions {
  readonly host: PlaygroundHost;
  /** Stores the playground's own messages. */
  readonly store: CollectionStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** If present, the page asks for `ADMIN_TOKEN` before it shows anything. */
  readonly login?: Login;
  /** The largest file that a person can attach, in bytes. */
  readonly maxFileBytes: number;
  /** How long attached files are kept, in milliseconds. */
  readonly retentionMs: number;
}

/** The playground: a team chat in the browser for one person in three roles, on the same core as Discord and Slack. */
export function createWebAdapter(options: WebAdapterOptions): Adapter {
  const { host, store, clock, log, login, maxFileBytes, retentionMs } = options;
  const room = createRoom(store, clock, log);
  const uploads = createUploads(store, retentionMs);
  const running = createRunning();
  const stopping = new AbortController();
  const { signal } = stopping;
  let api: ReadonlyMap<string, Endpoint> | null = null;
  const apiNow = () => (signal.aborted ? null : api);
  const handle = createHandler({ api: apiNow, login, log });

  return {
    platform: 'web',
    routes: ['/', '/playground', '/playground/'].map((path) => ({ path, handle })),
    people: PEOPLE,
    guildNames: () => new Map([['web:local', 'Playground']]),
    async start(dispatch) {
      await room.load();
      const run = (work: Promise<void>) => running.add(work.finally(() => room.touchStatus()));
      api = createApi({ room, uploads, host, dispatch, run }, { clock, maxFileBytes, login, signal });
    },
    ready: () => apiNow() !== null,
    readFile: (reference) => uploads.read(reference),
    tellAdmins: (_guild, notice, aborted) => tellAdmins(room, notice, aborted),
    reopen: async (lost) => reopenWebSurface(room, lost),
    async stop() {
      stopping.abort();
      await running.settled();
    },
  };
}
