import { z } from 'zod';
import type { Json } from './web-api.ts';
import type { Workspace } from './workspace.ts';

/** Where messages stand: in a thread, or with null in the channel itself. */
export interface Spot {
  readonly channel: string;
  readonly threadTs: string | null;
}

const nextSchema = z.object({
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** One page of what stands at a spot, as Slack sends it, with the cursor of the next one; an empty cursor is the first, or the end. */
export async function readPage(
  workspace: Pick<Workspace, 'call'>,
  { channel, threadTs }: Spot,
  { cursor = '', ...range }: Json & { readonly cursor?: string },
  signal: AbortSignal,
): Promise<{ readonly messages: unknown; readonly cursor: string }> {
  const args = { channel, ...range, ...(cursor === '' ? {} : { cursor }) };
  const answer =
    threadTs === null
      ? await workspace.call('conversations.history', args, signal)
      : await workspace.call('conversations.replies', { ...args, ts: threadTs }, signal);
  const next = nextSchema.safeParse(answer);
  return { messages: answer['messages'] ?? [], cursor: next.data?.response_metadata?.next_cursor ?? '' };
}
