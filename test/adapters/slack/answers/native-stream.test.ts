import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createOpenStream } from '../../../../src/adapters/slack/answers/native-stream.ts';
import { SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import type { MessageView } from '../../../../src/core/ports/surface.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

it('gives its place among the streams back where its start had no effect', async () => {
  let held = 0;
  const lost = () => Promise.reject(new SlackUnreachable('lost'));
  const workspace = {
    team: 'T1',
    api: { call: lost, upload: lost },
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
  const text = 'One two ';
  const view: MessageView = {
    text,
    source: text,
    status: 'streaming',
    note: null,
    footer: null,
    buttons: [],
  };
  const spot = { channel: 'D1', threadTs: '1.1', threadKey: null };
  for (let tries = 0; tries < 3; tries++) {
    await expect(openStream(spot, view, new AbortController().signal)).rejects.toThrow('lost');
    expect(held).toBe(1);
  }
});
