import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createLogin } from '../../src/http/login.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createLogRecorder } from '../support/provider/test-client.ts';

it('counts the wrong tokens of each address, whoever else guesses meanwhile', () => {
  const login = createLogin('the token', createFakeClock(), createLogRecorder().log);
  const from = (remoteAddress: string) =>
    ({ headers: {}, socket: { remoteAddress } }) as unknown as IncomingMessage;
  const guess = (address: string) => () => login.openSession('a guess', from(address));
  for (let turn = 0; turn < 5; turn++) {
    for (const address of ['203.0.113.1', '203.0.113.2']) expect(guess(address)).toThrow(/^Wrong token/);
  }
  for (const address of ['203.0.113.1', '203.0.113.2']) expect(guess(address)).toThrow(/^Too many/);
  expect(login.openSession('the token', from('203.0.113.1'))).toMatch(/^parley_session=/);
});
