import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../../src/core/kit/time/clock.ts';
import type { Outcome, Transport } from './envelope.ts';
import { isJson } from './json.ts';
import type { Violation } from './violations.ts';

const PATH = '/link/';
/** Slack takes ten connections for an app. */
const MAX_CONNECTIONS = 10;

export interface SocketMode extends Transport {
  /** A new address for `apps.connections.open`; good once. */
  ticket(): string;
  readonly connections: number;
  /** How many connections were made since the start. */
  readonly connectionsMade: number;
  /** Says goodbye in Slack's manner: the client is to come back. */
  disconnect(reason: 'warning' | 'refresh_requested' | 'too_many_websockets' | 'link_disabled'): void;
  /** Cuts the cables without a word. */
  drop(): void;
  /** Resolves when so many connections stand. */
  connected(count?: number): Promise<void>;
  close(): Promise<void>;
}

export function createSocketMode(
  server: Server,
  clock: Clock,
  report: (violation: Violation) => void,
  acknowledgeWithinMs: number,
  host: string,
): SocketMode {
  const wss = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const sockets: WebSocket[] = [];
  const waiting = new Map<string, (outcome: Outcome) => void>();
  const connectionWaiters = new Set<() => void>();
  let serial = 0;
  let made = 0;
  let next = 0;

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ticket = new URL(request.url ?? '', 'http://localhost').pathname;
    if (tickets.delete(ticket)) wss.handleUpgrade(request, socket, head, welcome);
    else socket.destroy();
  });

  function welcome(socket: WebSocket): void {
    made += 1;
    sockets.push(socket);
    // Each envelope that waits for its acknowledgement listens.
    socket.setMaxListeners(0);
    socket.on('close', () => {
      const index = sockets.indexOf(socket);
      if (index >= 0) sockets.splice(index, 1);
    });
    socket.on('error', () => socket.terminate());
    socket.on('message', (data) => {
      const message: unknown = JSON.parse(String(data));
      if (!isJson(message) || typeof message['envelope_id'] !== 'string') return;
      waiting.get(message['envelope_id'])?.({ acked: true, body: message['payload'] });
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: sockets.length,
        debug_info: { host: 'applink', approximate_connection_time: 18_060 },
        connection_info: { app_id: 'A0PARLEY' },
      }),
    );
    for (const wake of connectionWaiters) wake();
  }

  async function someConnection(signal: AbortSignal): Promise<WebSocket | null> {
    const open = () => sockets.filter((socket) => socket.readyState === socket.OPEN);
    if (open().length === 0) {
      const given = new AbortController();
      const deadline = clock
        .sleep(acknowledgeWithinMs, AbortSignal.any([signal, given.signal]))
        .catch(() => undefined);
      await Promise.race([deadline, connected()]);
      given.abort();
    }
    const choices = open();
    next += 1;
    return choices[next % Math.max(1, choices.length)] ?? null;
  }

  async function connected(count = 1): Promise<void> {
    while (sockets.length < count) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          connectionWaiters.delete(wake);
          resolve();
        };
        connectionWaiters.add(wake);
      });
    }
  }

  return {
    ticket() {
      if (sockets.length >= MAX_CONNECTIONS) sockets[0]?.send(goodbye('too_many_websockets'));
      serial += 1;
      const path = `${PATH}${serial}`;
      tickets.add(path);
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      return `ws://${host}:${port}${path}?ticket=${serial}&app_id=A0PARLEY`;
    },
    get connections() {
      return sockets.length;
    },
    get connectionsMade() {
      return made;
    },
    async send({ envelope, retry }, signal) {
      const socket = await someConnection(signal);
      if (socket === null) return { acked: false, reason: 'no connection' };
      serial += 1;
      const id = `envelope-${serial}`;
      const settled = new AbortController();
      let onClose = () => {};
      try {
        return await new Promise<Outcome>((resolve) => {
          waiting.set(id, resolve);
          onClose = () => resolve({ acked: false, reason: 'connection lost' });
          socket.once('close', onClose);
          clock.sleep(acknowledgeWithinMs, AbortSignal.any([signal, settled.signal])).then(
            () => {
              report({ kind: 'late-ack', detail: `${envelope.type} (attempt ${retry + 1})` });
              resolve({ acked: false, reason: 'timeout' });
            },
            () => resolve({ acked: false, reason: 'closed' }),
          );
          socket.send(
            JSON.stringify({
              envelope_id: id,
              type: envelope.type,
              payload: envelope.payload,
              accepts_response_payload: envelope.type !== 'events_api',
              ...(envelope.type === 'events_api'
                ? { retry_attempt: retry, retry_reason: retry === 0 ? '' : 'timeout' }
                : {}),
            }),
          );
        });
      } finally {
        waiting.delete(id);
        socket.off('close', onClose);
        settled.abort();
      }
    },
    disconnect(reason) {
      for (const socket of sockets) socket.send(goodbye(reason));
    },
    drop() {
      for (const socket of [...sockets]) socket.terminate();
    },
    connected,
    async close() {
      for (const socket of [...sockets]) socket.terminate();
      await new Promise<void>((resolve) => wss.close(() => resolve()));
    },
  };
}

function goodbye(reason: string): string {
  return JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink' } });
}
