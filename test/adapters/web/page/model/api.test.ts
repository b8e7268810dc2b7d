import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// By its address: its types are the browser's, which those of Node contradict.
const API = new URL('../../../../../src/adapters/web/page/model/api.ts', import.meta.url);
const { follow, get, isLockedOut, isPassing, post, wordsFor } = await import(API.href);

/** The browser’s globals that the page uses. */
class Stream {
  static readonly CLOSED = 2;
  static opened: Stream[] = [];
  readyState = 1;
  onopen = () => {};
  onmessage = (_: { readonly data: string; readonly lastEventId: string }) => {};
  onerror = () => {};
  readonly query: Record<string, string>;

  constructor(address: string) {
    this.query = Object.fromEntries(new URL(address, 'http://page.test').searchParams);
    Stream.opened.push(this);
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }

  /** As if the server answered with an error, after which the browser does not try again. */
  fail(): void {
    this.close();
    this.onerror();
  }

  static get live(): Stream[] {
    return Stream.opened.filter(({ readyState }) => readyState !== Stream.CLOSED);
  }
}

const page = Object.assign(new EventTarget(), { hidden: false });
const show = (isShown: boolean) => {
  page.hidden = !isShown;
  page.dispatchEvent(new Event('visibilitychange'));
};

/** The answers of the server, in turn; the last one goes on. */
let answers: (Response | Error)[];
let requests: { readonly url: string; readonly init: RequestInit | undefined }[];
const followed: (() => void)[] = [];
const ok = () => Response.json({ fine: true });
const refusal = (status: number, problem = 'No.') => Response.json({ problem }, { status });

beforeEach(() => {
  vi.useFakeTimers();
  Stream.opened = [];
  page.hidden = false;
  answers = [];
  requests = [];
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    requests.push({ url, init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer?.clone();
  });
});
afterEach(() => {
  for (const stop of followed.splice(0)) stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the page’s stream of changes', () => {
  function start() {
    const seen: string[] = [];
    const changes: unknown[] = [];
    const stop: () => void = follow(
      'member',
      (change: unknown) => changes.push(change),
      (connection: string) => seen.push(connection),
    );
    followed.push(stop);
    return { seen, changes, stop };
  }
  const [say, id] = [JSON.stringify({ items: [] }), 'run-7'];

  it('says when it is open and when it is lost, and leaves the next try to the browser', async () => {
    const { seen, changes } = start();
    const [stream] = Stream.live;
    stream?.onopen();
    stream?.onmessage({ data: say, lastEventId: id });
    stream?.onerror();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([seen, changes]).toEqual([['open', 'lost'], [{ items: [] }]]);
    expect([Stream.opened.length, requests.length]).toEqual([1, 0]);
  });

  it('is opened again a second after the server refused it, from where it was', async () => {
    answers = [ok()];
    start();
    expect(Stream.live.map(({ query }) => query)).toEqual([{ as: 'member', after: '' }]);
    Stream.live[0]?.onmessage({ data: say, lastEventId: id });
    Stream.live[0]?.fail();
    await vi.advanceTimersByTimeAsync(999);
    expect(Stream.live).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(Stream.live.map(({ query }) => query)).toEqual([{ as: 'member', after: id }]);
  });

  it('waits for a login if the server asks for one, and for no other refusal', async () => {
    answers = [refusal(401)];
    const locked = start();
    Stream.live[0]?.fail();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([locked.seen, Stream.live]).toEqual([['lost', 'locked'], []]);
    locked.stop();
    answers = [refusal(502)];
    const lost = start();
    Stream.live[0]?.fail();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([lost.seen, Stream.live.length]).toEqual([['lost'], 1]);
  });

  it('is closed while the page is hidden, and goes on from there when it is shown', async () => {
    start();
    Stream.live[0]?.onmessage({ data: say, lastEventId: id });
    show(false);
    expect(Stream.live).toEqual([]);
    show(true);
    show(true);
    expect(Stream.live.map(({ query }) => query)).toEqual([{ as: 'member', after: id }]);
    page.hidden = true;
    start();
    expect(Stream.opened).toHaveLength(2);
  });

  it.each([
    ['at once', 0],
    ['while it waits for its next try', 500],
  ])('ends for good: %s', async (_, afterMs) => {
    answers = [ok()];
    const { seen, stop } = start();
    Stream.live[0]?.fail();
    if (afterMs > 0) await vi.advanceTimersByTimeAsync(afterMs);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    show(false);
    show(true);
    expect([Stream.live, seen]).toEqual([[], ['lost']]);
  });
});

describe('a post of the page', () => {
  it('is repeated for as long as a restart takes, and no longer', async () => {
    answers = [new TypeError('no server')];
    const outcome = post('message', { id: 'a' }).catch((error: unknown) => error);
    const triesAfter: number[] = [];
    for (const waitMs of [0, 300, 1_000, 2_000, 3_000, 3_000, 3_000, 3_000, 60_000]) {
      await vi.advanceTimersByTimeAsync(waitMs);
      triesAfter.push(requests.length);
    }
    expect(triesAfter).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8]);
    expect(wordsFor(await outcome)).toBe('Parley cannot be reached. Is it still running?');
    expect(new Set(requests.map(({ init }) => init?.body))).toEqual(new Set(['{"id":"a"}']));
  });

  it('is repeated while the server is not ready, and ends with what it accepts', async () => {
    answers = [refusal(503), ok()];
    const posted = post('message', {});
    await vi.advanceTimersByTimeAsync(300);
    await posted;
    expect(requests).toHaveLength(2);
  });

  it('is not repeated after a refusal, whose words it keeps', async () => {
    answers = [refusal(409, 'That button no longer exists.')];
    const error = await post('press', {}).catch((fault: unknown) => fault);
    expect([wordsFor(error), isPassing(error), isLockedOut(error)]).toEqual([
      'That button no longer exists.',
      false,
      false,
    ]);
    expect(requests).toHaveLength(1);
    answers = [new Response('<html>', { status: 502 })];
    await expect(post('press', {})).rejects.toThrow('The server answered 502.');
  });

  it('outlives the page if it is no longer than browsers let it', async () => {
    answers = [ok()];
    const text = 'x'.repeat(20_000 - '{"text":""}'.length);
    await post('message', { text });
    await post('message', { text: `${text}x` });
    expect(requests.map(({ init }) => init?.keepalive)).toEqual([true, false]);
  });
});

it('asks without what is null, and knows a locked server', async () => {
  answers = [ok()];
  expect(await get('status', { as: 'member', channel: 'a b', thread: null })).toEqual({ fine: true });
  expect(requests[0]?.url).toBe('api/status?as=member&channel=a+b');
  answers = [refusal(401)];
  const error = await get('room').catch((fault: unknown) => fault);
  expect([isLockedOut(error), isPassing(error)]).toEqual([true, false]);
  expect(requests).toHaveLength(2);
});
