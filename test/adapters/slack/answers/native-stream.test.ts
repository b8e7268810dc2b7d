import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createOpenStream } from '../../../../src/adapters/slack/answers/native-stream.ts';
import { SlackRefusal, SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { RateLimited } from '../../../../src/core/ports/delivery-errors.ts';
import type { MessageView } from '../../../../src/core/ports/surface.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const never = new AbortController().signal;
const SPOT = { channel: 'D1', threadTs: '1.1', threadKey: null };
const VIEW: MessageView = {
  text: 'One two ',
  source: 'One two ',
  status: 'streaming',
  note: null,
  footer: null,
  buttons: [],
};

/** Opens streams on a Slack that answers every call with this fault. */
function setUp(fault: Error) {
  let held = 0;
  const fail = () => Promise.reject(fault);
  const workspace = {
    team: 'T1',
    api: { call: fail, upload: fail },
    paced: (_, call) => call(),
    call: async () => ({ messages: [] }),
    async enterIfFree() {
      held++;
      return () => void held--;
    },
  } as Partial<Workspace> as Workspace;
  const openStream = createOpenStream({
    workspace,
    clock: createFakeClock(),
    log: pino({ level: 'silent' }),
    onBegun() {},
    onSettled() {},
  });
  return { open: (view = VIEW) => openStream(SPOT, view, never), held: () => held };
}

it('gives its place among the streams back if its start had no effect', async () => {
  const { open, held } = setUp(new SlackUnreachable('lost'));
  for (let tries = 0; tries < 3; tries++) {
    await expect(open()).rejects.toThrow('lost');
    expect(held()).toBe(1);
  }
});

it.each([
  ['Slack refuses it', new SlackRefusal('chat.startStream', 'not_allowed', null, [])],
  ['it has to wait', new RateLimited(1_000)],
])('leaves the message to edits if %s, and gives its place back', async (_, fault) => {
  const { open, held } = setUp(fault);
  expect([await open(), held()]).toEqual([null, 0]);
});

it('hides no other fault, and gives its place back', async () => {
  const { open, held } = setUp(new TypeError('a fault'));
  await expect(open()).rejects.toThrow('a fault');
  expect(held()).toBe(0);
});

it('begins with words of an answer that grows alone', async () => {
  const { open, held } = setUp(new TypeError('a call'));
  for (const changed of [{ source: ' ' }, { status: 'complete' }] as const) {
    expect(await open({ ...VIEW, ...changed })).toBeNull();
  }
  expect(held()).toBe(0);
});
