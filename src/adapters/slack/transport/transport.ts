import type { Logger as BoltLogger, Receiver, SocketModeReceiverOptions } from '@slack/bolt';
import type { Logger } from 'pino';
import type { Tasks } from '../../../core/kit/scheduling/tasks.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Route } from '../../../core/ports/adapter.ts';
import type { Fetch } from '../../../core/ports/fetch.ts';

export type SocketDispatcher = NonNullable<SocketModeReceiverOptions['dispatcher']>;

/** The way in which Slack's events arrive. Nothing arrives before `connect` has resolved, or after `disconnect`. */
export interface Transport {
  readonly receiver: Receiver;
  readonly routes: readonly Route[];
  /** Whether events can arrive, as far as the connection goes. */
  isConnected(): boolean;
  /** @throws StartError */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

export interface TransportOptions {
  readonly apiUrl: string;
  readonly fetch: Fetch;
  /** Opens the socket, for example through a proxy. Default: direct. */
  readonly dispatcher?: SocketDispatcher | undefined;
  readonly boltLogger: BoltLogger;
  readonly tasks: Tasks;
  /** Whether events are accepted at this moment. */
  readonly isOpen: () => boolean;
  /** Called after a reconnect, with the time of the interruption. */
  readonly onBack: (awayMs: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
}
