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

/** The pages of a method that lists things, one call each. */
export async function* pagesOf(
  workspace: Pick<Workspace, 'call'>,
  method: Method,
  args: Json,
  signal: AbortSignal,
): AsyncGenerator<Json> {
  for (let cursor = ''; ; ) {
    const page = await workspace.call(method, withCursor(args, cursor), signal);
    yield page;
    cursor = nextCursor(page);
    if (cursor === '') return;
  }
}
