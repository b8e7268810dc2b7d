import type { Clock } from '../../../src/core/kit/time/clock.ts';
import type { Json } from './json.ts';

export interface SlackUser {
  readonly id: string;
  readonly name: string;
  /** The workspace of the person: another one for people from elsewhere in a shared channel. */
  readonly teamId: string;
  /** In an organisation, all workspaces of the person. */
  readonly orgTeams?: readonly string[];
  isAdmin: boolean;
  isOwner: boolean;
  readonly isBot: boolean;
  /** A single- or multi-channel guest. */
  isGuest: boolean;
  deleted: boolean;
}

export interface SlackUserGroup {
  readonly id: string;
  readonly handle: string;
  readonly users: Set<string>;
}

export type ChannelKind = 'channel' | 'group' | 'im' | 'mpim';

export interface SlackChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  readonly members: Set<string>;
  archived: boolean;
  /** Why the bot may not post there, and what the channel's properties say of it. */
  restriction?: { readonly error: string; readonly properties: Json };
}

/** The content of a message at one moment. */
export interface Content {
  readonly text: string;
  readonly markdown?: string;
  readonly blocks?: readonly Json[];
  /** Forwards, unfurls, what older apps send. */
  readonly attachments?: readonly Json[];
}

export interface StreamState {
  readonly startedAtMs: number;
  readonly recipient: string | null;
  state: 'live' | 'stopped' | 'stopped_by_user';
}

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  readonly user: string;
  readonly botId: string | null;
  /** For one person's eyes only; cannot be updated through the Web API. */
  readonly ephemeralTo: string | null;
  content: Content;
  /** All that the message showed before, oldest first. */
  readonly history: Content[];
  metadata: unknown;
  files: readonly SlackFile[];
  readonly reactions: Map<string, Set<string>>;
  stream: StreamState | null;
  /** When it was edited last. */
  editedTs: string | null;
  deleted: boolean;
}

export interface SlackFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  bytes: Uint8Array;
  altText: string;
}

/** A stream lives about five minutes from its start; appends do not prolong it (slackapi/node-slack-sdk#2702). */
const STREAM_LIFETIME_MS = 5 * 60_000;

/** The state of one workspace: who is there and what was said. Knows nothing of HTTP. */
export class Workspace {
  readonly teamId: string;
  readonly users = new Map<string, SlackUser>();
  readonly userGroups = new Map<string, SlackUserGroup>();
  readonly channels = new Map<string, SlackChannel>();
  readonly files = new Map<string, SlackFile>();
  readonly homes = new Map<string, Json>();
  readonly #messages: SlackMessage[] = [];
  readonly #clock: Clock;
  readonly #onMessage: (message: SlackMessage) => void;
  #serial = 0;
  #lastUs = 0;

  /** @param onMessage told of every message that comes or changes */
  constructor(teamId: string, clock: Clock, onMessage: (message: SlackMessage) => void = () => {}) {
    this.teamId = teamId;
    this.#clock = clock;
    this.#onMessage = onMessage;
  }

  nextId(prefix: string): string {
    this.#serial += 1;
    return `${prefix}${this.#serial.toString(36).toUpperCase().padStart(8, '0')}`;
  }

  /** A timestamp id in microseconds, unique and rising. */
  nextTs(): string {
    this.#lastUs = Math.max(this.#lastUs + 1, Math.floor(this.#clock.now() * 1_000));
    return `${Math.floor(this.#lastUs / 1_000_000)}.${String(this.#lastUs % 1_000_000).padStart(6, '0')}`;
  }

  add(message: Omit<SlackMessage, 'history' | 'reactions' | 'editedTs' | 'deleted' | 'ts'>): SlackMessage {
    const stored: SlackMessage = {
      ...message,
      ts: this.nextTs(),
      history: [],
      reactions: new Map(),
      editedTs: null,
      deleted: false,
    };
    this.#messages.push(stored);
    this.#onMessage(stored);
    return stored;
  }

  replace(message: SlackMessage, content: Content): void {
    message.editedTs = this.nextTs();
    this.touch(message, content);
  }

  /** Changes what a message shows without that it counts as edited. */
  touch(message: SlackMessage, content: Content): void {
    message.history.push(message.content);
    message.content = content;
    this.#onMessage(message);
  }

  find(channel: string, ts: string): SlackMessage | undefined {
    return this.#messages.find(
      (message) => message.channel === channel && message.ts === ts && !message.deleted,
    );
  }

  /** The messages in a channel for everyone: with `threadTs` the root and its replies, without it those that are no replies. */
  list(channel: string, threadTs?: string): SlackMessage[] {
    return this.#messages.filter(
      (message) =>
        message.channel === channel &&
        message.ephemeralTo === null &&
        !message.deleted &&
        (threadTs === undefined
          ? message.threadTs === null
          : message.ts === threadTs || message.threadTs === threadTs),
    );
  }

  ephemerals(user: string, channel: string): SlackMessage[] {
    return this.#messages.filter(
      (message) => message.channel === channel && message.ephemeralTo === user && !message.deleted,
    );
  }

  /** Whether a message still streams at this moment. */
  isStreaming(message: SlackMessage): boolean {
    return (
      message.stream?.state === 'live' && this.#clock.now() - message.stream.startedAtMs < STREAM_LIFETIME_MS
    );
  }

  endStreams(): void {
    for (const { stream } of this.#messages) if (stream !== null) stream.state = 'stopped';
  }

  directMessageWith(user: string, bot: string): SlackChannel {
    for (const channel of this.channels.values()) {
      if (channel.kind === 'im' && channel.members.has(user) && channel.members.has(bot)) return channel;
    }
    const channel: SlackChannel = {
      id: this.nextId('D'),
      name: 'directmessage',
      kind: 'im',
      members: new Set([user, bot]),
      archived: false,
    };
    this.channels.set(channel.id, channel);
    return channel;
  }
}
