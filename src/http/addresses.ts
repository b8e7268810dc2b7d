import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** The client's address. Behind a proxy on this machine, the last entry of the proxy's list. */
export function addressOf({ headers, socket }: IncomingMessage): string {
  const from = socket.remoteAddress ?? '';
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  return isLoopbackAddress(from) && isIP(forwarded) !== 0 ? forwarded : from;
}

export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
