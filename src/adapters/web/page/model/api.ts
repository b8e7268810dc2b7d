import type { Changes, Problem } from '../../wire.ts';

/** The server refused a request. */
class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Waits between tries of a post, together about the time of a restart. */
const RETRY_AFTER_MS = [300, 1_000, 2_000, 3_000, 3_000, 3_000, 3_000];

/**
 * Gets a value of the page's API. Null entries of the query are left out.
 * @throws ApiError, or TypeError if the server is unreachable
 */
export async function get<T>(path: string, query: Readonly<Record<string, string | null>> = {}): Promise<T> {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
  return (await answerOf(await fetch(`api/${path}?${new URLSearchParams(given)}`))) as T;
}

/** Browsers let 64 KiB outlive their page, and a character can take three bytes. */
const MAX_KEEPALIVE_CHARS = 20_000;

/** Posts until the server accepts or refuses it, or for some time. Posts have ids, so a repeated one counts once. */
export async function post(path: string, value: object): Promise<void> {
  const body = JSON.stringify(value);
  for (const waitMs of [...RETRY_AFTER_MS, null]) {
    try {
      const response = await fetch(`api/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // So that a reload right after it does not cancel the post.
        keepalive: body.length <= MAX_KEEPALIVE_CHARS,
      });
      await answerOf(response);
      return;
    } catch (error) {
      if (!isPassing(error) || waitMs === null) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** Uploads a file, which the server keeps for the message that names its id. */
export async function upload(file: File, id: string, as: string): Promise<void> {
  const query = new URLSearchParams({ id, as, name: file.name, type: file.type });
  const response = await fetch(`api/upload?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
  });
  await answerOf(response);
}

/** Whether the server was unreachable, or not ready. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 503;
}

export function isLockedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Words a failed request for people. */
export function wordsFor(error: unknown): string {
  return error instanceof ApiError ? error.message : 'Parley cannot be reached. Is it still running?';
}

async function answerOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new ApiError(
    response.status,
    (body as Problem | null)?.problem ?? `The server answered ${response.status}.`,
  );
}

export type Connection = 'connecting' | 'open' | 'lost' | 'locked';

/**
 * Follows the room's changes until the returned function is called. A dropped connection continues after the last received
 * event. A hidden page closes its connection, because browsers allow six per server, and catches up when it is shown.
 */
export function follow(
  as: string,
  onChanges: (changes: Changes) => void,
  onConnection: (connection: Connection) => void,
): () => void {
  let source: EventSource | null = null;
  let lastEventId = '';
  let retry: number | undefined;
  let isOver = false;

  function connect(): void {
    disconnect();
    source = new EventSource(`api/events?${new URLSearchParams({ as, after: lastEventId })}`);
    source.onopen = () => onConnection('open');
    source.onmessage = (event: MessageEvent<string>) => {
      lastEventId = event.lastEventId;
      onChanges(JSON.parse(event.data) as Changes);
    };
    source.onerror = () => {
      onConnection('lost');
      // The browser retries by itself, unless it got an error response.
      if (source?.readyState === EventSource.CLOSED) void reconnect();
    };
  }

  async function reconnect(): Promise<void> {
    disconnect();
    const isLocked = await get('room').then(() => false, isLockedOut);
    // The page may be closed by now, or hidden and shown again.
    if (isOver || source !== null) return;
    if (isLocked) return onConnection('locked');
    retry = window.setTimeout(connect, 1_000);
  }

  function disconnect(): void {
    window.clearTimeout(retry);
    source?.close();
    source = null;
  }

  function onVisibility(): void {
    if (document.hidden) disconnect();
    else if (source === null) connect();
  }

  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) connect();
  return () => {
    isOver = true;
    document.removeEventListener('visibilitychange', onVisibility);
    disconnect();
  };
}
