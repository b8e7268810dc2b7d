import type { Clock } from '../../../src/core/kit/time/clock.ts';
import type { Ping } from './mentions.ts';
import { createSnowflakes } from './snowflakes.ts';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly globalName: string | null;
  readonly bot: boolean;
  /** Whether the user's settings let the bot send direct messages. */
  acceptsDms: boolean;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  /** The bot whose own role it is. */
  readonly botId: string | null;
  permissions: bigint;
}

export interface Member {
  readonly userId: string;
  readonly roleIds: string[];
  readonly nick: string | null;
}

export interface Guild {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  systemChannelId: string | null;
  /** The role with the guild's own id is @everyone. */
  readonly roles: Map<string, Role>;
  readonly members: Map<string, Member>;
  /** Whether the bot was invited with the `applications.commands` scope. */
  readonly commandsScope: boolean;
}

export interface Overwrite {
  readonly id: string;
  readonly type: 'role' | 'member';
  readonly allow: bigint;
  readonly deny: bigint;
}

export const CHANNEL = {
  text: 0,
  dm: 1,
  voice: 2,
  announcement: 5,
  publicThread: 11,
  privateThread: 12,
  forum: 15,
} as const;

export interface Thread {
  readonly ownerId: string;
  readonly memberIds: Set<string>;
  readonly autoArchiveMinutes: number;
  archived: boolean;
  locked: boolean;
}

export interface Channel {
  readonly id: string;
  readonly type: number;
  readonly guildId: string | null;
  readonly parentId: string | null;
  name: string;
  overwrites: Overwrite[];
  /** The people in a direct message, the bot included. Empty in guilds. */
  readonly recipientIds: readonly string[];
  readonly thread: Thread | null;
}

/** The content of a message from one moment on. */
export interface Revision {
  readonly atMs: number;
  readonly content: string;
  readonly embeds: readonly Record<string, unknown>[];
  readonly components: readonly Record<string, unknown>[];
}

export interface Attachment {
  readonly id: string;
  readonly filename: string;
  readonly contentType: string;
  readonly description: string | null;
  readonly bytes: Uint8Array;
}

export interface Message {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  readonly type: number;
  readonly webhookId: string | null;
  /** The one person who sees it; null for everybody. */
  readonly ephemeralTo: string | null;
  readonly repliesTo: string | null;
  /** The message that was forwarded with it, as it was then. */
  readonly forwards: Message | null;
  readonly nonce: string | null;
  /** The interaction that it came of. */
  readonly interaction: { readonly id: string; readonly userId: string } | null;
  flags: number;
  /** Oldest first; the last is what the message shows now. */
  readonly revisions: Revision[];
  readonly attachments: Attachment[];
  readonly pings: Ping[];
  /** Ids of users who reacted, by emoji. */
  readonly reactions: Map<string, Set<string>>;
  threadId: string | null;
}

export interface Entitlement {
  readonly id: string;
  readonly skuId: string;
  readonly userId: string | null;
  readonly guildId: string | null;
  /** Null while it has no end. */
  endsAtMs: number | null;
  deleted: boolean;
  consumed: boolean;
}

/** Everything that exists. Routes and the driver change it; it holds no rules of its own. */
export interface World {
  readonly clock: Clock;
  readonly nextId: () => string;
  /** The address of attachments, and the signature that they need; another one after `expireFiles`. Serves none after `loseFiles`. */
  readonly cdn: { origin: string; signature: string; isEmpty: boolean };
  /** The most that one file may have (https://docs.discord.com/developers/reference#uploading-files). */
  readonly uploadLimit: { bytes: number };
  /** Files that commands brought as options. */
  readonly uploads: Map<string, Attachment>;
  readonly application: Application;
  readonly users: Map<string, User>;
  readonly guilds: Map<string, Guild>;
  readonly channels: Map<string, Channel>;
  readonly messages: Map<string, Message>;
  readonly entitlements: Entitlement[];
  /** Registered commands: global ones under null, a guild's own under its id. */
  readonly commands: Map<string | null, RegisteredCommand[]>;
}

export interface Application {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  readonly bot: User;
  /** The switches under "Privileged Gateway Intents" in the developer portal. */
  readonly privilegedIntents: { messageContent: boolean };
}

export interface RegisteredCommand {
  readonly id: string;
  readonly version: string;
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly options: readonly RegisteredOption[];
  readonly contexts: readonly number[] | null;
  readonly integrationTypes: readonly number[];
  readonly defaultMemberPermissions: string | null;
  /** As it was sent, for what the fake does not look at. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RegisteredOption {
  readonly name: string;
  readonly type: number;
  readonly required?: boolean | undefined;
  readonly autocomplete?: boolean | undefined;
}

export function createWorld(clock: Clock, options: { messageContent: boolean }): World {
  const nextId = createSnowflakes(clock);
  const id = nextId();
  const bot: User = { id, username: 'parley', globalName: 'Parley', bot: true, acceptsDms: true };
  return {
    clock,
    nextId,
    cdn: { origin: 'https://cdn.discordapp.com', signature: 'first', isEmpty: false },
    uploadLimit: { bytes: 10 * 1024 * 1024 },
    uploads: new Map(),
    application: {
      id,
      name: 'Parley',
      token: `${Buffer.from(id).toString('base64url')}.fake.token`,
      bot,
      privilegedIntents: { messageContent: options.messageContent },
    },
    users: new Map([[bot.id, bot]]),
    guilds: new Map(),
    channels: new Map(),
    messages: new Map(),
    entitlements: [],
    commands: new Map(),
  };
}

/** The content that a message shows now. */
export function shown(message: Message): Revision {
  const last = message.revisions.at(-1);
  if (last === undefined) throw new Error(`message ${message.id} has no content`);
  return last;
}

/** The messages of a channel, oldest first. */
export function messagesIn(world: World, channelId: string): Message[] {
  return [...world.messages.values()].filter((message) => message.channelId === channelId);
}
