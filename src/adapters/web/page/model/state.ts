import type {
  ActivityItem,
  Changes,
  ChannelInfo,
  Message,
  OptionInfo,
  PersonInfo,
  RoomInfo,
  Spot,
  Status,
} from '../../wire.ts';
import type { Connection } from './api.ts';

/** A message written on this page that the server has not shown yet. */
export interface Outgoing extends Spot {
  readonly id: string;
  readonly as: string;
  readonly text: string;
  /** `waiting`: the server is unreachable so far. `taken`: the server is about to show it. */
  readonly phase: 'leaving' | 'waiting' | 'taken' | 'refused';
  /** The reason for the refusal. */
  readonly problem: string | null;
  /** Sends a refused message again. */
  again(): void;
}

/** An open form, and the action behind it. */
export interface OpenForm {
  readonly title: string;
  readonly description: string;
  readonly fields: readonly OptionInfo[];
  readonly send: (given: Readonly<Record<string, string>>) => void;
}

export interface State {
  info: RoomInfo;
  as: string;
  spot: Spot;
  connection: Connection;
  /** Whether the first state has arrived. */
  isLoaded: boolean;
  messages: Map<string, Message>;
  /** The same messages by spot, in order, because each drawing needs them many times. */
  bySpot: Map<string, Message[]>;
  activities: Map<string, ActivityItem>;
  outgoing: Map<string, Outgoing>;
  status: Status | null;
  /** The order of the last message seen at each spot. */
  seen: Record<string, number>;
  isSidebarOpen: boolean;
  /** The search text; empty for no search. */
  query: string;
  /** A search result to scroll to, until it is shown. */
  sought: string | null;
  /** Ids of messages whose threads this page opens as soon as they exist. */
  awaited: Set<string>;
  form: OpenForm | null;
  toast: string | null;
}

export type Store = ReturnType<typeof createStore>;

/** @param drawState draws the whole state; called once per frame at most, apart from `draw` */
export function createStore(state: State, drawState: () => void) {
  let frame = 0;

  /** Draws what changed at once. */
  function draw(): void {
    cancelAnimationFrame(frame);
    frame = 0;
    drawState();
  }

  return {
    state: state as Readonly<State>,
    /** Changes the state; the page follows with the next frame. Call it too after changing something in the state's maps. */
    change(patch: Partial<State> = {}): void {
      Object.assign(state, patch);
      frame ||= requestAnimationFrame(draw);
    },
    draw,
  };
}

/** Applies the server's changes to the state. */
export function applyChanges(state: State, { reset, items, removed }: Changes): void {
  if (reset) clearRoom(state);
  for (const [key, item] of items) {
    if (item.kind === 'status') continue;
    if (item.kind === 'activity') state.activities.set(key, item);
    else {
      state.messages.set(key, item);
      state.outgoing.delete(key);
    }
  }
  for (const key of removed) {
    state.messages.delete(key);
    state.activities.delete(key);
  }
  const inOrder = [...state.messages.values()].sort((one, other) => one.order - other.order);
  state.bySpot = Map.groupBy(inOrder, spotKey);
  state.isLoaded = true;
}

export function clearRoom(state: State): void {
  state.isLoaded = false;
  state.messages.clear();
  state.bySpot.clear();
  state.activities.clear();
}

/** The key by which `repeat` tells items apart. */
export function idOf({ id }: { readonly id: string }): string {
  return id;
}

export function spotKey({ channel, thread }: Spot): string {
  return thread === null ? channel : `${channel}/${thread}`;
}

export function isSameSpot(a: Spot, b: Spot): boolean {
  return a.channel === b.channel && a.thread === b.thread;
}

export function messagesAt(state: State, spot: Spot): readonly Message[] {
  return state.bySpot.get(spotKey(spot)) ?? [];
}

export function viewer({ info, as }: State): PersonInfo {
  const person = info.people.find(({ id }) => id === as) ?? info.people[0];
  if (person === undefined) throw new Error('the playground has no people');
  return person;
}

export function personName({ info }: State, id: string): string {
  return info.people.find((person) => person.id === id)?.name ?? id;
}

export function channelsOf({ info, as }: State): readonly ChannelInfo[] {
  return info.channels.filter(({ owner }) => owner === null || owner === as);
}

/** The person's own conversation with the bot. */
export function ownDm({ info }: State, person: string): Spot {
  return { channel: info.channels.find(({ owner }) => owner === person)?.id ?? '', thread: null };
}

export function channelOf(state: State, id: string): ChannelInfo | undefined {
  return channelsOf(state).find((channel) => channel.id === id);
}

/** Whether the spot is one person's conversation with the bot. */
export function isDm({ info }: State, { channel }: Spot): boolean {
  return info.channels.some(({ id, owner }) => id === channel && owner !== null);
}

/** Messages with all these words that the viewer may see, newest first. */
export function found(state: State, query: string): Message[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const seen = new Set(channelsOf(state).map(({ id }) => id));
  return [...state.messages.values()]
    .filter(({ channel, text, threadTitle }) => {
      const where = `${text} ${threadTitle ?? ''}`.toLowerCase();
      return seen.has(channel) && words.every((word) => where.includes(word));
    })
    .toSorted((one, other) => other.order - one.order);
}

export interface Thread extends Spot {
  readonly thread: string;
  readonly title: string;
  readonly replies: number;
  /** The order of its newest message. */
  readonly newest: number;
  readonly lastAtMs: number;
  readonly isBusy: boolean;
}

/** The threads that the viewer may see, most recent first. */
export function threadsOf(state: State): Thread[] {
  const threads: Thread[] = [];
  for (const root of state.messages.values()) {
    if (root.threadTitle === null) continue;
    const spot = { channel: root.channel, thread: root.id };
    // Messages for a single person do not count.
    const shared = messagesAt(state, spot).filter(({ audience }) => audience === root.audience);
    const last = shared.at(-1) ?? root;
    threads.push({
      ...spot,
      title: root.threadTitle,
      replies: shared.length,
      newest: last.order,
      lastAtMs: last.atMs,
      isBusy: isBusy(state, spot),
    });
  }
  return threads.sort((a, b) => b.newest - a.newest);
}

/** Whether an answer is being written there. */
export function isBusy(state: State, spot: Spot): boolean {
  const isStreaming = messagesAt(state, spot).some(
    (message) => message.kind === 'answer' && message.status === 'streaming',
  );
  return isStreaming || [...state.activities.values()].some((activity) => isSameSpot(activity, spot));
}

/** Whether others wrote something there that this viewer has not seen. */
export function isUnread(state: State, spot: Spot): boolean {
  const seen = state.seen[`${state.as}:${spotKey(spot)}`] ?? 0;
  const last = messagesAt(state, spot).findLast(({ kind, user }) => kind !== 'said' || user !== state.as);
  return last !== undefined && last.order > seen;
}
