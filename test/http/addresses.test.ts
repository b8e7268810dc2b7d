import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { addressOf } from '../../src/http/addresses.ts';

const from = (remoteAddress: string, forwarded?: string | string[]) =>
  addressOf({
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress },
  } as unknown as IncomingMessage);

it('takes a proxy on this machine at its word, the last that it says', () => {
  expect(from('127.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
  expect(from('::1', '198.51.100.1, 203.0.113.9')).toBe('203.0.113.9');
  expect(from('::ffff:127.0.0.1', '2001:db8::1')).toBe('2001:db8::1');
});

it('does not let others choose the address by which their wrong tokens are counted', () => {
  expect(from('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9');
  expect(from('10.0.0.5', '127.0.0.1')).toBe('10.0.0.5');
});

it('keeps to the connection if what a proxy says is no address', () => {
  expect(from('127.0.0.1', 'unknown')).toBe('127.0.0.1');
  expect(from('127.0.0.1', '203.0.113.9, nonsense')).toBe('127.0.0.1');
  expect(from('127.0.0.1')).toBe('127.0.0.1');
});
