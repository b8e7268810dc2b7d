import type { Changes, Problem } from '../../wire.ts';

/** The server's answer to a request that it did not serve. */
class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Waits between tries of a post, about as long as the bot takes to restart. */
const RETRY_AFTER_MS = [300, 1_000, 2_000, 3_000, 3_000, 3_000, 3_000];

export async function get<T>(path: string, query: Readonly<Record<string, string | null>> = {}): Promise<T> {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== null);
  return (await answerOf(await fetch(`api/${path}?${new URLSearchParams(given)}`))) as T;
}

/** Browsers let 64 KiB outlive their page; a character can take three bytes of them. */
const MAX_KEEPALIVE_CHARS = 20_000;

/** Posts until the server has taken it or refused it, or for some time. What is posted carries an id, so that trying again doubles nothing. */
export async function post(path: string, value: object): Promise<void> {
  const body = JSON.stringify(value);
  for (const waitMs of [...RETRY_AFTER_MS, null]) {
    try {
      const response = await fetch(`api/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // So that a reload right after it takes nothing back.
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

/** Brings a file to the server, which keeps it for the message that is sent with its id. */
export async function upload(file: File, id: string, as: string): Promise<void> {
  const query = new URLSearchParams({ id, as, name: file.name, type: file.type });
  const response = await fetch(`api/upload?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
  });
  await answerOf(response);
}

/** The server was not there, or was not ready. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 503;
}

export function isLockedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** What to tell people of a request that failed. */
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
 * Follows the room's changes until the returned function is called. A connection that was dropped is taken up again
 * after the last event that was received. A hidden page lets go of its connection: browsers allow six to a server,
 * and what it missed comes when it is shown again.
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
      // The browser tries again by itself, unless it was answered with an error.
      if (source?.readyState === EventSource.CLOSED) void reconnect();
    };
  }

  async function reconnect(): Promise<void> {
    disconnect();
    const isLocked = await get('room').then(() => false, isLockedOut);
    // It may be over by now, or on again: the page was hidden and shown.
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
