import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy that leads wherever it is asked to go to one server, or one for tunnels, and remembers what it was asked for. */
export async function openProxy(target: string, tunnelTarget = target) {
  const { hostname, port } = new URL(target);
  const tunnel = new URL(tunnelTarget);
  const asked: string[] = [];
  const tunnels = new Set<Socket>();
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push(`${method} ${url} ${headers['proxy-authorization'] ?? ''}`.trim());
  const server = createServer((incoming, response) => {
    note(incoming);
    const { method = 'GET', url = '', headers } = incoming;
    const onward = request({ hostname, port, method, path: new URL(url).pathname, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket: Socket) => {
    note(incoming);
    tunnels.add(socket);
    const onward = connect(Number(tunnel.port), tunnel.hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
      server.close();
    },
  };
}
