import { expect, it } from 'vitest';
import type { Json } from '../../../../src/adapters/slack/api/web-api.ts';
import type { Workspace } from '../../../../src/adapters/slack/api/workspace.ts';
import { findPost } from '../../../../src/adapters/slack/posting/post-once.ts';

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
  const spot = { channel: 'C1', threadTs: null };
  expect(await findPost(workspace, spot, post, new AbortController().signal)).toBeNull();
  expect(asked).toMatchObject([
    { channel: 'C1', oldest: String((sinceMs - 120_000) / 1_000).concat('.000000') },
  ]);
});
