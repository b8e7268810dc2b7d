import { type AddressInfo, connect } from 'node:net';
import { createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { GATEWAY_TEST } from './certificates.ts';

/** Ends TLS for `gateway.test` before a plain server until the test ends, as Discord's edge does. */
export async function serveTls(port: number): Promise<string> {
  const sockets = new Set<TLSSocket>();
  const server = createServer(GATEWAY_TEST, (socket) => {
    sockets.add(socket);
    const onward = connect(port, '127.0.0.1');
    onward.pipe(socket).pipe(onward);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy()).on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, GATEWAY_TEST.cert]);
  onTestFinished(() => setDefaultCACertificates(before));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
