import type { Receiver } from '@slack/bolt';
import { type Route, StartError } from '../../../core/ports/adapter.ts';
import { socketFault } from '../start-checks.ts';
import { createHttpReceiver, type HttpReceiverOptions } from './http-receiver.ts';
import { createSignatureCheck } from './signature.ts';
import { createSocketConnection, type SocketOptions } from './socket-connection.ts';

/** How Slack's events arrive: over a socket that the bot opens, or as signed requests to `EVENTS_PATH`. */
export type TransportMode =
  | { readonly mode: 'socket'; readonly appToken: string }
  | { readonly mode: 'http'; readonly signingSecret: string };

export interface Transport {
  readonly receiver: Receiver;
  readonly routes: readonly Route[];
  /** Whether events can arrive, as far as the connection goes. */
  isConnected(): boolean;
  /** @throws StartError */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

export type TransportOptions = Omit<SocketOptions, 'appToken'> & Omit<HttpReceiverOptions, 'signatures'>;

/** Nothing arrives before `connect` has resolved, or after `disconnect`. */
export function createTransport(transport: TransportMode, options: TransportOptions): Transport {
  if (transport.mode === 'http') {
    const signatures = createSignatureCheck(transport.signingSecret, options.clock);
    const receiver = createHttpReceiver({ ...options, signatures });
    return {
      receiver,
      routes: [receiver.route],
      isConnected: () => true,
      connect: async () => {},
      disconnect: async () => {},
    };
  }
  const socket = createSocketConnection({ ...options, appToken: transport.appToken });
  return {
    receiver: socket.receiver,
    routes: [],
    isConnected: () => socket.isOpen,
    async connect() {
      await socket.open().catch((error: unknown) => {
        throw error instanceof StartError ? error : socketFault(error, options.apiUrl);
      });
    },
    disconnect: () => socket.close(),
  };
}
