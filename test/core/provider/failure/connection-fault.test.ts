import { describe, expect, it } from 'vitest';
import { neverConnected } from '../../../../src/core/provider/failure/connection-fault.ts';

const failed = (fault: unknown) => new TypeError('fetch failed', { cause: fault });
const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more });

describe('a request that failed before there was a connection', () => {
  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('is told by %s', (code) => {
    expect(neverConnected(failed(coded(code)))).toBe(true);
  });

  it('is told by all addresses of a name failing, and by the call that failed', () => {
    const all = Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' });
    expect(neverConnected(failed(all))).toBe(true);
    expect(neverConnected(failed(coded('ETIMEDOUT', { syscall: 'connect' })))).toBe(true);
  });

  it.each([
    ['a reset', failed(coded('ECONNRESET', { syscall: 'read' }))],
    ['a broken pipe', failed(coded('EPIPE'))],
    ['a timeout of a connection', failed(coded('ETIMEDOUT', { syscall: 'read' }))],
    ['a socket that closed', failed(coded('UND_ERR_SOCKET'))],
    ['headers that never came', failed(coded('UND_ERR_HEADERS_TIMEOUT'))],
    ['a cause that is kept back, because it quotes the key', failed(undefined)],
    ['what nobody knows', 'fetch failed'],
  ])('is not told by %s', (_, cause) => {
    expect(neverConnected(cause)).toBe(false);
  });
});
