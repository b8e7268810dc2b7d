import { z } from 'zod';
import type { Method } from './methods.ts';
import type { Json } from './web-api.ts';
import type { Workspace } from './workspace.ts';

const nextSchema = z.object({
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** The cursor of the page after this one; empty at the end. */
export function nextCursor(page: Json): string {
  return nextSchema.safeParse(page).data?.response_metadata?.next_cursor ?? '';
}

/** The arguments for the page with this cursor; an empty one stands for the first page. */
export function withCursor(args: Json, cursor: string): Json {
  return cursor === '' ? args : { ...args, cursor };
}

/** Arguments of a method that lists things. */
export type ListArgs = Json & {
  /** Default: all. */
  readonly maxPages?: number;
};

/** The pages of a method that lists things, one call each. */
export async function* pagesOf(
  workspace: Pick<Workspace, 'call'>,
  method: Method,
  { maxPages = Number.POSITIVE_INFINITY, ...args }: ListArgs,
  signal: AbortSignal,
): AsyncGenerator<Json> {
  let cursor = '';
  for (let pages = 1; ; pages++) {
    const page = await workspace.call(method, withCursor(args, cursor), signal);
    yield page;
    cursor = nextCursor(page);
    if (cursor === '' || pages === maxPages) return;
  }
}

/** The place of a message: a thread, or with null the channel itself. */
export interface Spot {
  readonly channel: string;
  readonly threadTs: string | null;
}

/** The messages of a place, in Slack's form: of a thread its root and then from the oldest, of a channel from the newest. */
export async function* messagesAt(
  workspace: Pick<Workspace, 'call'>,
  { channel, threadTs }: Spot,
  range: ListArgs,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const pages =
    threadTs === null
      ? pagesOf(workspace, 'conversations.history', { channel, ...range }, signal)
      : pagesOf(workspace, 'conversations.replies', { channel, ...range, ts: threadTs }, signal);
  for await (const { messages = [] } of pages) yield* z.array(z.unknown()).parse(messages);
}
