import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createServer } from '../../core/kit/create-server.ts';
import { type Route, StartError } from '../../core/ports/adapter.ts';
import { sendText } from '../../http/requests.ts';

/** The one HTTP server, for health, the playground, the dashboard and Slack's events. */
export type HttpServer = ReturnType<typeof createHttpServer>;

/** Time limit for headers and body of a request. Responses have none, because event streams last. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Each connection takes memory. Slack uses a few, each page of the playground one. */
const MAX_CONNECTIONS = 1_000;

/** Requests must arrive within 30 s; responses have no time limit. */
export function createHttpServer(routes: readonly Route[], log: Logger) {
  const byLength = routes.toSorted((a, b) => b.path.length - a.path.length);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      const path = request.url?.split('?', 1)[0];
      if (request.destroyed && !request.complete) {
        log.debug({ path, reason: String(error) }, 'an HTTP request was interrupted');
        return void response.destroy();
      }
      log.error({ err: error, path }, 'an HTTP request failed');
      if (response.headersSent) return void response.destroy();
      sendText(response, 500, 'Something went wrong. The log has the details.\n');
    });
  });

  server.maxConnections = MAX_CONNECTIONS;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '/';
    const route = byLength.find((candidate) => matches(candidate.path, path));
    if (route) return route.handle(request, response);
    sendText(response, 404, 'Not found.\n');
  }

  return {
    /**
     * Resolves to the address for people, such as `http://127.0.0.1:3000`.
     * @throws StartError
     */
    async listen(host: string, port: number): Promise<string> {
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => reject(startError(error, host, port)));
        server.listen(port, host, resolve);
      });
      const { port: actual } = server.address() as AddressInfo;
      const opened = isEveryAddress(host) ? '127.0.0.1' : host;
      return `http://${opened.includes(':') ? `[${opened}]` : opened}:${actual}`;
    },
    /** Stops listening and closes all connections. */
    async close(): Promise<void> {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether the host stands for all addresses of the machine, which a browser cannot open. */
export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function matches(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('/') && path.startsWith(pattern));
}

function startError(error: NodeJS.ErrnoException, host: string, port: number): StartError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${port} on ${host} is in use by another program.`,
        'Stop that program, or set PORT to a free port, for example PORT=3001.',
        { cause: error },
      );
    case 'EACCES':
      return new StartError(
        `The system does not allow listening on port ${port}.`,
        'Set PORT to a number from 1024, for example PORT=3000.',
        { cause: error },
      );
    default:
      return new StartError(
        `Cannot listen on ${host}:${port} (${error.code ?? error.message}).`,
        'Set HOST to an address of this machine, for example 127.0.0.1.',
        { cause: error },
      );
  }
}
