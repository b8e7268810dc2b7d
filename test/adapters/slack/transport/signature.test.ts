import { expect, it } from 'vitest';
import { createSignatureCheck } from '../../../../src/adapters/slack/transport/signature.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { sign } from '../../../support/slack/http-delivery.ts';

const SECRET = 'a-signing-secret';

it('knows accepted requests until they are too old, also one from a clock that runs ahead', async () => {
  const clock = createFakeClock();
  const check = createSignatureCheck(SECRET, clock);
  const headersAt = (atSec: number, body: string) => ({
    'x-slack-request-timestamp': String(atSec),
    'x-slack-signature': sign(SECRET, body, atSec),
  });
  const accept = (body: string, aheadSec: number) => {
    const headers = headersAt(clock.now() / 1_000 + aheadSec, body);
    expect(check.isSignedBySlack(headers, body)).toBe(true);
    check.noteAccepted(headers);
    return headers;
  };
  const ahead = accept('ahead', 290);
  for (let minute = 1; minute <= 9; minute++) {
    await clock.jump(60_000);
    accept(`after ${minute} minutes`, 0);
    expect(check.mayBeSigned(ahead)).toBe(true);
    expect(check.isSignedBySlack(ahead, 'ahead')).toBe(false);
  }
  await clock.jump(60_000);
  expect(check.mayBeSigned(ahead)).toBe(false);
});

it('takes headers that are well-formed and at most five minutes from now', () => {
  const clock = createFakeClock();
  const check = createSignatureCheck(SECRET, clock);
  const nowSec = clock.now() / 1_000;
  const signature = sign(SECRET, 'a body', nowSec);
  const isTaken = (timestamp: string, given = signature) =>
    check.mayBeSigned({ 'x-slack-request-timestamp': timestamp, 'x-slack-signature': given });
  for (const ageSec of [300, 0, -300]) expect(isTaken(String(nowSec - ageSec))).toBe(true);
  for (const ageSec of [301, -301]) expect(isTaken(String(nowSec - ageSec))).toBe(false);
  for (const odd of ['', 'soon', '-1', `${nowSec}.5`, `${nowSec} `]) expect(isTaken(odd), odd).toBe(false);
  for (const odd of [
    '',
    signature.slice(0, -1),
    `${signature}0`,
    signature.slice(3),
    signature.toUpperCase(),
  ]) {
    expect(isTaken(String(nowSec), odd), odd).toBe(false);
  }
  // Without a look at the headers a body is never taken.
  const stale = {
    'x-slack-request-timestamp': String(nowSec - 301),
    'x-slack-signature': sign(SECRET, 'old', nowSec - 301),
  };
  expect(check.isSignedBySlack(stale, 'old')).toBe(false);
});
