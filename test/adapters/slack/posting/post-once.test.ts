import { expect, it } from 'vitest';
import { type Json, SlackUnreachable } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { metadataOf } from '../../../../src/adapters/slack/posting/message-metadata.ts';
import { createPostOnce, findPost } from '../../../../src/adapters/slack/posting/post-once.ts';
import { plainNotice } from '../../../../src/adapters/slack/text/message-content.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const spot = { channel: 'C1', threadTs: null };
const never = new AbortController().signal;

it('looks for a post also where Slack’s clock is up to two minutes behind', async () => {
  const asked: Json[] = [];
  const workspace = {
    botId: 'B1',
    async call(_: string, args: Json) {
      asked.push(args);
      return { messages: [] };
    },
  } as Partial<Workspace> as Workspace;
  const sinceMs = 1_000_000_000_000;
  const post = { id: 'post', sinceMs };
  expect(await findPost(workspace, spot, post, never)).toBeNull();
  expect(asked).toMatchObject([
    { channel: 'C1', oldest: String((sinceMs - 120_000) / 1_000).concat('.000000') },
  ]);
});

it.each([
  ['that was given up', (signal: AbortSignal) => signal.reason],
  ['that nobody answered', () => new SlackUnreachable('no answer')],
])('finds a post %s instead of posting again', async (_, faultOf) => {
  const posted: Json[] = [];
  const work = new AbortController();
  const workspace = {
    botId: 'B1',
    api: {
      async call(_: string, args: Json, signal: AbortSignal) {
        const { metadata } = args;
        posted.push({ ts: '2.0', bot_id: 'B2', metadata }, { ts: '1.0', bot_id: 'B1', metadata });
        work.abort(new Error('the work is over'));
        throw faultOf(signal);
      },
    },
    call: async () => ({
      messages: [{ ts: '3.0', bot_id: 'B1', metadata: metadataOf({ id: 'other' }) }, ...posted],
    }),
  } as unknown as Workspace;
  const once = createPostOnce(workspace, spot, createFakeClock());
  const content = plainNotice('Hello');
  await expect(once.post(content, work.signal)).rejects.toThrow();
  expect(once.isUnclear).toBe(true);
  expect(await once.post(content, never)).toEqual({ ts: '1.0', isOlder: true });
});
