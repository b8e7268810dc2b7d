import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { createClient } from '../../../../src/adapters/discord/gateway/client.ts';
import { createFetch } from '../../../../src/app/http/http-client.ts';
import { waitUntil } from '../../../support/wait-until.ts';

it.each([500, 503])('holds no connection whose %i discord.js does not read', async (status) => {
  let open = 0;
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.writeHead(status, { 'content-type': 'text/plain' }).end('out of order');
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    open++;
    socket.once('close', () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connection = {
    token: 'token',
    apiUrl: `http://127.0.0.1:${port}`,
    fetch: createFetch(),
    shards: { ids: [0], count: 1 },
  };
  const client = createClient(connection, false, pino({ level: 'silent' }));
  onTestFinished(() => client.destroy());
  client.rest.setToken(connection.token);
  for (let call = 0; call < 3; call++) await expect(client.rest.get('/gateway/bot')).rejects.toThrow();
  // Each call is tried four times.
  expect(requests).toBe(12);
  // Connections wait for the next request.
  await waitUntil(() => expect(open).toBeLessThanOrEqual(2));
});
