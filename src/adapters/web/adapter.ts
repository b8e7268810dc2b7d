import type { Keyv } from 'keyv';
import type { Logger } from 'pino';
import type { Adapter } from '../../core/adapter.ts';
import type { Clock } from '../../core/clock.ts';
import type { PlaygroundHost } from './host.ts';

export interface WebAdapterOptions {
  readonly host: PlaygroundHost;
  /** `store.keyv('playground')`: the playground's own messages. */
  readonly keyv: Keyv;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where it is set, the page asks for it before it shows anything. */
  readonly adminToken?: string;
  /**
   * Serve requests to any host name, not to loopback's alone: for a `HOST` that is not loopback. Needs `adminToken`.
   * Default false.
   */
  readonly anyHost?: boolean;
}

/** The playground: a team chat in the browser, for one person who plays three, over the core that Discord and Slack use. */
export function createWebAdapter(_options: WebAdapterOptions): Adapter {
  throw new Error('not built yet');
}
