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
