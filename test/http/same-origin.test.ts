import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { requireSameOrigin } from '../../src/http/same-origin.ts';

const isTaken = (host: string | undefined, localPort: number, headers: Record<string, string> = {}) => {
  const request = { headers: { host, ...headers }, httpVersion: '1.1', method: 'GET', socket: { localPort } };
  try {
    requireSameOrigin(request as unknown as IncomingMessage, false);
    return true;
  } catch {
    return false;
  }
};

it.each([
  ['localhost:3000', 3000],
  ['LOCALHOST:3000', 3000],
  ['127.0.0.1:3000', 3000],
  ['127.8.9.10:3000', 3000],
  ['[::1]:3000', 3000],
  // A browser leaves out the port of plain HTTP.
  ['localhost', 80],
])('takes %s for this machine where port %d is served', (host, port) => {
  expect(isTaken(host, port)).toBe(true);
});

it.each([
  [undefined, 3000],
  ['', 3000],
  ['localhost', 3000],
  ['localhost', 8],
  ['localhost:80', 3000],
  ['attacker.example:3000', 3000],
  ['localhost.attacker.example:3000', 3000],
  ['127.0.0.1.attacker.example:3000', 3000],
  ['192.168.0.2:3000', 3000],
])('does not take %s for this machine where port %d is served', (host, port) => {
  expect(isTaken(host, port)).toBe(false);
});

it('takes what a page of this address sends, and a link that leads here', () => {
  const of = (headers: Record<string, string>) => isTaken('localhost:3000', 3000, headers);
  expect(of({ origin: 'http://localhost:3000' })).toBe(true);
  expect(of({ origin: 'http://localhost:3001' })).toBe(false);
  // This server speaks no HTTPS, and a proxy that does needs a token.
  expect(of({ origin: 'https://localhost:3000' })).toBe(false);
  expect(of({ 'sec-fetch-site': 'same-origin' })).toBe(true);
  expect(of({ 'sec-fetch-site': 'none' })).toBe(true);
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  expect(of(link)).toBe(true);
  for (const other of [{ 'sec-fetch-mode': 'cors' }, { 'sec-fetch-dest': 'iframe' }]) {
    expect(of({ ...link, ...other })).toBe(false);
  }
});
