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

/** Something that was written on this page and the server has not shown yet. */
export interface Outgoing extends Spot {
  readonly id: string;
  readonly as: string;
  readonly text: string;
  /** `waiting`: the server could not be reached so far. `taken`: it is about to show it. */
  readonly phase: 'leaving' | 'waiting' | 'taken' | 'refused';
  /** Why it was refused. */
  readonly problem: string | null;
  /** Sends what was refused once more. */
  again(): void;
}

/** What is asked in a form, and what happens with it. */
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
  /** Whether the first state has come. */
  isLoaded: boolean;
  messages: Map<string, Message>;
  /** The same messages by spot, in order: each drawing asks for them many times. */
  bySpot: Map<string, Message[]>;
  activities: Map<string, ActivityItem>;
  outgoing: Map<string, Outgoing>;
  status: Status | null;
  /** What was last seen of each spot, as the order of a message. */
  seen: Record<string, number>;
  isSidebarOpen: boolean;
  /** What is looked for; empty for nothing. */
  query: string;
  form: OpenForm | null;
  toast: string | null;
}

export interface Store {
  readonly state: State;
  /** Changes the state, and the page with the next frame. */
  change(mutate: (state: State) => void): void;
}

export function createStore(state: State, draw: (state: State) => void): Store {
  let isScheduled = false;
  return {
    state,
    change(mutate) {
      mutate(state);
      if (isScheduled) return;
      isScheduled = true;
      requestAnimationFrame(() => {
        isScheduled = false;
        draw(state);
      });
    },
  };
}

/** Brings the state up to what the server said. */
export function applyChanges(state: State, { reset, items, removed }: Changes): void {
  if (reset) clearRoom(state);
  for (const [key, item] of items) {
    if (item.kind === 'status') continue;
    if (item.kind === 'activity') state.activities.set(key, item);
    else {
      state.messages.set(key, item);
      state.outgoing.delete(key);
      place(state, item);
    }
  }
  for (const key of removed) {
    const message = state.messages.get(key);
    if (message !== undefined) displace(state, message);
    state.messages.delete(key);
    state.activities.delete(key);
  }
  state.isLoaded = true;
}

export function clearRoom(state: State): void {
  state.isLoaded = false;
  state.messages.clear();
  state.bySpot.clear();
  state.activities.clear();
}

function place(state: State, message: Message): void {
  const key = spotKey(message);
  const there = state.bySpot.get(key);
  if (there === undefined) return void state.bySpot.set(key, [message]);
  const at = there.findLastIndex(({ id }) => id === message.id);
  if (at >= 0) there[at] = message;
  else {
    const before = there.findLastIndex(({ order }) => order < message.order);
    there.splice(before + 1, 0, message);
  }
}

function displace(state: State, message: Message): void {
  const key = spotKey(message);
  const left = state.bySpot.get(key)?.filter(({ id }) => id !== message.id) ?? [];
  state.bySpot.set(key, left);
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

export function channelOf(state: State, id: string): ChannelInfo | undefined {
  return channelsOf(state).find((channel) => channel.id === id);
}

/** Whether the spot is a conversation of one person with the bot. */
export function isDm({ info }: State, { channel }: Spot): boolean {
  return info.channels.some(({ id, owner }) => id === channel && owner !== null);
}

/** Messages that hold all these words, as far as the viewer sees them, newest first. */
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

/** The threads that the viewer sees, the liveliest first. */
export function threadsOf(state: State): Thread[] {
  const threads: Thread[] = [];
  for (const root of state.messages.values()) {
    if (root.threadTitle === null) continue;
    const spot = { channel: root.channel, thread: root.id };
    // What one person alone sees there is no part of it.
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

/** Whether an answer is on its way there. */
export function isBusy(state: State, spot: Spot): boolean {
  const isStreaming = messagesAt(state, spot).some(
    (message) => message.kind === 'answer' && message.status === 'streaming',
  );
  return isStreaming || [...state.activities.values()].some((activity) => isSameSpot(activity, spot));
}

/** Whether others said something there that this viewer has not had on the screen. */
export function isUnread(state: State, spot: Spot): boolean {
  const seen = state.seen[`${state.as}:${spotKey(spot)}`] ?? 0;
  const last = messagesAt(state, spot).findLast((message) => isOthers(message, state.as));
  return last !== undefined && last.order > seen;
}

function isOthers(message: Message, as: string): boolean {
  return message.kind !== 'said' || message.user !== as;
}
