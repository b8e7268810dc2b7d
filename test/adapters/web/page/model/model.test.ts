import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// By their addresses: their types are the browser's, which those of Node contradict.
const page = (path: string) => new URL(`../../../../../src/adapters/web/page/${path}.ts`, import.meta.url);
const model = await import(page('model/state').href);
const { announce } = await import(page('model/announce').href);
const { createOutbox } = await import(page('model/outbox').href);
const { recall, remember, isText } = await import(page('model/memory').href);
const { formatDay, isSameDay, replies } = await import(page('timeline/format').href);

type Fields = Readonly<Record<string, unknown>>;
type Keyed = readonly [key: string, item: Fields];

let state: Record<string, unknown> & {
  readonly messages: Map<string, Fields>;
  readonly outgoing: Map<string, Fields>;
  readonly activities: Map<string, Fields>;
};

beforeEach(() => {
  const channel = (id: string, owner: string | null = null) => ({ id, name: id, topic: '', owner });
  state = {
    info: {
      people: [
        { id: 'member', name: 'Mia', role: 'member' },
        { id: 'admin', name: 'Ada', role: 'admin' },
      ],
      channels: [channel('general'), channel('dm-member', 'member'), channel('dm-admin', 'admin')],
      commands: [],
    },
    as: 'member',
    spot: { channel: 'general', thread: null },
    connection: 'open',
    isLoaded: false,
    messages: new Map(),
    bySpot: new Map(),
    activities: new Map(),
    outgoing: new Map(),
    seen: {},
  };
});
afterEach(() => vi.unstubAllGlobals());

const said = (id: string, order: number, rest: Fields = {}): Keyed => [
  id,
  {
    id,
    order,
    kind: 'said',
    user: 'member',
    text: `Text ${id}`,
    channel: 'general',
    thread: null,
    threadTitle: null,
    audience: null,
    atMs: order,
    ...rest,
  },
];
const answer = (id: string, order: number, status: string, rest: Fields = {}): Keyed =>
  said(id, order, { kind: 'answer', user: 'member', status, note: null, ...rest });
const activity = (id: string, rest: Fields = {}): Keyed => [
  id,
  { id, kind: 'activity', user: 'member', activity: 'working', channel: 'general', thread: null, ...rest },
];
const apply = (items: readonly Keyed[], removed: readonly string[] = [], reset = false) =>
  model.applyChanges(state, { reset, items, removed });
const idsAt = (thread: string | null = null, channel = 'general') =>
  model.messagesAt(state, { channel, thread }).map(({ id }: Fields) => id);

describe('what the page knows of the room', () => {
  it('has each place’s messages in order, and forgets what is removed, or all of it', () => {
    apply([
      said('b', 2),
      said('a', 1),
      said('reply', 3, { thread: 'a' }),
      activity('now'),
      ['status', { kind: 'status' }],
    ]);
    expect([idsAt(), idsAt('a'), idsAt(null, 'dm-member')]).toEqual([['a', 'b'], ['reply'], []]);
    apply([said('c', 4)], ['a', 'now']);
    expect([idsAt(), state.activities.size, state['isLoaded']]).toEqual([['b', 'c'], 0, true]);
    apply([said('d', 5)], [], true);
    expect(idsAt()).toEqual(['d']);
  });

  it('takes a message for sent once the server shows it', () => {
    state.outgoing.set('a', { id: 'a' }).set('b', { id: 'b' });
    apply([said('a', 1)]);
    expect([...state.outgoing.keys()]).toEqual(['b']);
  });

  it('finds messages by all words, in text or title, where the viewer may look, newest first', () => {
    apply([
      said('old', 1, { text: 'A Boat in the harbour' }),
      said('new', 2, { text: 'The harbour', threadTitle: 'Any boat' }),
      said('other', 3, { text: 'The harbour' }),
      said('hers', 4, { text: 'boat harbour', channel: 'dm-admin' }),
    ]);
    const found = (query: string) => model.found(state, query).map(({ id }: Fields) => id);
    expect([found(' HARBOUR  boat '), found('harbour'), found('  ')]).toEqual([
      ['new', 'old'],
      ['other', 'new', 'old'],
      [],
    ]);
  });

  it('lists threads by their newest message, and counts what all of them see', () => {
    apply([
      said('early', 1, { threadTitle: 'Early' }),
      said('late', 2, { threadTitle: 'Late' }),
      said('none', 3),
      said('private', 6, { thread: 'late', audience: 'member' }),
      answer('growing', 5, 'streaming', { thread: 'early' }),
    ]);
    expect(model.threadsOf(state)).toMatchObject([
      { thread: 'early', title: 'Early', replies: 1, newest: 5, lastAtMs: 5, isBusy: true },
      { thread: 'late', replies: 0, newest: 2, lastAtMs: 2, isBusy: false },
    ]);
  });

  it('is busy while an answer grows or is worked on there', () => {
    const isBusy = () => model.isBusy(state, { channel: 'general', thread: null });
    apply([answer('a', 1, 'complete'), activity('x', { thread: 'a' })]);
    expect(isBusy()).toBe(false);
    apply([activity('y')]);
    expect(isBusy()).toBe(true);
  });

  it('holds for unread what others wrote since the viewer looked', () => {
    const isUnread = () => model.isUnread(state, { channel: 'general', thread: null });
    state['seen'] = { 'member:general': 2, 'admin:general': 9 };
    apply([said('a', 2, { user: 'admin' }), said('own', 5)]);
    expect(isUnread()).toBe(false);
    apply([answer('b', 3, 'complete')]);
    expect(isUnread()).toBe(true);
    state['as'] = 'admin';
    expect(isUnread()).toBe(false);
  });

  it('draws once per frame, and at once if it must', () => {
    const frames = new Map<number, () => void>();
    vi.stubGlobal('requestAnimationFrame', (draw: () => void) => frames.set(frames.size + 1, draw).size);
    vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
    const draws: unknown[] = [];
    const store = model.createStore(state, () => draws.push(state['query']));
    store.change({ query: 'a' });
    store.change({ query: 'b' });
    expect([draws, frames.size]).toEqual([[], 1]);
    frames.get(1)?.();
    store.change({ query: 'c' });
    store.draw();
    expect([draws, frames.size]).toEqual([['b', 'c'], 0]);
  });
});

describe('what is read out', () => {
  const readOut = (...items: Keyed[]): string | null => {
    const region = { textContent: null };
    vi.stubGlobal('document', { getElementById: () => region });
    announce(state, { reset: false, items, removed: [] });
    return region.textContent;
  };

  it.each<[string, Keyed, string | null]>([
    ['a word to one person', said('x', 9, { kind: 'notice', text: 'Done.' }), 'Parley, only to you: Done.'],
    ['another person’s message', said('x', 9, { user: 'admin', text: 'Hi' }), 'Ada: Hi'],
    ['one’s own message', said('x', 9), null],
    ['a message elsewhere', said('x', 9, { user: 'admin', thread: 'a' }), null],
    ['an answer that begins', answer('x', 9, 'streaming'), 'Parley is answering.'],
    ['an answer that grows', answer('growing', 1, 'streaming'), null],
    ['an answer that goes on below', answer('growing', 1, 'sealed'), null],
    [
      'an answer that ended',
      answer('growing', 1, 'complete', { text: 'y'.repeat(400) }),
      `Parley answered: ${'y'.repeat(300)}`,
    ],
    [
      'an answer that was stopped',
      answer('growing', 1, 'stopped', { note: 'Stopped by Mia.' }),
      'Stopped by Mia.',
    ],
    ['an answer that failed', answer('growing', 1, 'failed'), 'The answer ended early.'],
    ['an answer that had ended', answer('ended', 2, 'complete', { text: 'edited' }), null],
    ['a message that is renamed', said('old', 3, { user: 'admin', threadTitle: 'New' }), null],
    ['that somebody works', activity('x'), null],
  ])('%s', (_, item, words) => {
    apply([
      answer('growing', 1, 'streaming'),
      answer('ended', 2, 'complete'),
      said('old', 3, { user: 'admin' }),
    ]);
    expect(readOut(item)).toBe(words);
  });
});

describe('messages on their way', () => {
  function start(outcomes: (Error | null)[]) {
    const events = new EventTarget();
    vi.stubGlobal('window', events);
    const posted: unknown[] = [];
    const phases: unknown[] = [];
    const change = () =>
      phases.push(Array.from(state.outgoing.values(), ({ id, phase }) => `${id} ${phase}`).join());
    const outbox = createOutbox({ state, change }, async (_: string, { id }: Fields) => {
      posted.push(id);
      const outcome = outcomes.shift();
      if (outcome) throw outcome;
    });
    const send = (id: string) =>
      outbox.send('message', { id, as: 'member', channel: 'general', thread: null, text: 'Hi' });
    const isAskedToStay = () => !events.dispatchEvent(new Event('beforeunload', { cancelable: true }));
    return { outbox, posted, phases, send, isAskedToStay };
  }

  it('wait in order for a server that is away', async () => {
    const { posted, phases, send, isAskedToStay } = start([new TypeError('away'), null, null]);
    send('a');
    send('b');
    expect(isAskedToStay()).toBe(false);
    await vi.waitFor(() => expect(state.outgoing.size).toBe(0));
    expect(posted).toEqual(['a', 'a', 'b']);
    expect(phases).toContain('a waiting,b leaving');
  });

  it('stay in sight until a page that is connected anew shows them', async () => {
    const { outbox, send } = start([null]);
    state['connection'] = 'lost';
    send('a');
    await vi.waitFor(() => expect(state.outgoing.get('a')).toMatchObject({ phase: 'taken' }));
    state.outgoing.set('b', { id: 'b', phase: 'waiting' });
    outbox.onConnected();
    expect([...state.outgoing.keys()]).toEqual(['b']);
  });

  it('keep the page open while they are not sent', () => {
    const { isAskedToStay } = start([]);
    for (const [phase, isAsked] of [
      ['leaving', false],
      ['taken', false],
      ['waiting', true],
      ['refused', true],
    ]) {
      state.outgoing.set('a', { id: 'a', phase });
      expect(isAskedToStay(), String(phase)).toBe(isAsked);
    }
  });
});

it('the page remembers for the tab, and for the next one, only what it can read', () => {
  const storage = () => {
    const held = new Map<string, string>();
    return {
      held,
      getItem: (key: string) => held.get(key) ?? null,
      setItem: (key: string, text: string) => held.set(key, text),
    };
  };
  const [tab, browser] = [storage(), storage()];
  vi.stubGlobal('sessionStorage', tab);
  vi.stubGlobal('localStorage', browser);
  remember('tab', 'drafts', 'a draft');
  remember('browser', 'as', 'member');
  expect([[...tab.held], [...browser.held]]).toEqual([
    [
      ['parley:drafts', '"a draft"'],
      ['parley:as', '"member"'],
    ],
    [['parley:as', '"member"']],
  ]);
  browser.held.set('parley:as', '"admin"');
  expect(recall('browser', 'as', isText)).toBe('member');
  tab.held.clear();
  expect([recall('browser', 'as', isText), recall('tab', 'drafts', isText)]).toEqual(['admin', null]);
  for (const odd of ['7', 'no JSON']) {
    browser.held.set('parley:as', odd);
    expect(recall('browser', 'as', isText)).toBeNull();
  }
});

it('days are named as people do', () => {
  const at = (day: number, hour: number) => new Date(2026, 5, day, hour).getTime();
  expect([formatDay(at(10, 0), at(10, 23)), formatDay(at(9, 23), at(10, 0))]).toEqual(['Today', 'Yesterday']);
  expect(formatDay(at(8, 12), at(10, 12))).toMatch(/8/);
  expect([isSameDay(at(9, 0), at(9, 23)), isSameDay(at(9, 23), at(10, 0))]).toEqual([true, false]);
  expect([replies(0), replies(1), replies(2)]).toEqual(['0 replies', '1 reply', '2 replies']);
});
