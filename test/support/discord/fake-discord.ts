import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../../src/core/kit/time/clock.ts';
import { createBuckets, GLOBAL_PER_SECOND, type RateLimits, USUAL_LIMITS } from './buckets.ts';
import { type Announcer, createAnnouncer } from './events.ts';
import { createFaults, type Faults } from './faults.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { ACKNOWLEDGE_WITHIN_MS, createInteractions } from './interactions.ts';
import { createMessageBoard } from './messages.ts';
import { type PermissionName, permissionBits } from './permissions.ts';
import { type ChannelRef, createPerson, type Person } from './person.ts';
import { createRestServer, type SeenRequest } from './rest-server.ts';
import { createRouter } from './router.ts';
import { applicationRoutes } from './routes-application.ts';
import { channelRoutes } from './routes-channels.ts';
import { interactionRoutes } from './routes-interactions.ts';
import { type SeenMessage, seenIn } from './view.ts';
import { CHANNEL, type Channel, createWorld, type Entitlement, type Guild, type Message } from './world.ts';

export interface FakeDiscordOptions {
  readonly clock?: Clock;
  /** Whether the message-content intent is switched on in the developer portal (true). */
  readonly messageContent?: boolean;
  /** Limits by route, over the usual ones. */
  readonly rateLimits?: RateLimits;
  readonly globalPerSecond?: number;
  /** Shards that `/gateway/bot` recommends (1). */
  readonly recommendedShards?: number;
  readonly heartbeatIntervalMs?: number;
  /** The address that it names for its gateway; its own by default. */
  readonly gatewayUrl?: string;
  /** For tests whose clock runs so fast that Discord's 3 s are no time at all. */
  readonly acknowledgeWithinMs?: number;
  /** Told of every message that is posted or changes. */
  readonly onMessage?: (message: Message) => void;
}

export interface GuildOptions {
  readonly id?: string;
  readonly name?: string;
  /** Permissions of @everyone (Discord's by default). */
  readonly everyone?: readonly PermissionName[];
  /** Permissions that the bot's own role adds. */
  readonly bot?: readonly PermissionName[];
  /** Whether the bot is a member (true). */
  readonly withBot?: boolean;
  /** Whether the invite had the `applications.commands` scope (true). */
  readonly commandsScope?: boolean;
  /** Nobody whom anybody knows by default. */
  readonly owner?: Person;
}

export interface ChannelOptions {
  readonly name?: string;
  readonly type?: keyof typeof CHANNEL;
  /** Denied to the bot here. */
  readonly denyBot?: readonly PermissionName[];
}

export interface GuildRef {
  readonly id: string;
  /** The role that Discord makes for a bot when it joins. */
  readonly botRoleId: string;
  channel(options?: ChannelOptions): ChannelRef;
  /** Names the system channel; bots that are connected already do not learn of it. */
  setSystemChannel(channel: ChannelRef): void;
  /** Makes somebody a member, with a role of these permissions. */
  join(person: Person, permissions?: readonly PermissionName[], nick?: string): void;
  /** Makes a role, and gives its id. */
  role(name: string): string;
  /** Gives a member a role. */
  give(person: Person, roleId: string): void;
}

/** A purchase, and the ways in which it ends. */
export interface Bought {
  /** A subscription runs out: Discord updates it. */
  end(): void;
  refund(): void;
  /** Another program of the operator's uses it up, of which no event tells. */
  consume(): void;
}

/** A Discord of the tests' own: REST v10 and the gateway on loopback, with the platform's rules enforced. */
export interface FakeDiscord {
  /** For `DISCORD_API_URL` and discord.js's `rest.api`. */
  readonly apiUrl: string;
  readonly token: string;
  /** The variables by which Parley reaches it. */
  readonly environment: { readonly DISCORD_TOKEN: string; readonly DISCORD_API_URL: string };
  readonly applicationId: string;
  readonly botMention: string;
  readonly gateway: Gateway;
  readonly faults: Faults;
  readonly requests: readonly SeenRequest[];
  /** How many requests came so far, those that were forgotten included. */
  readonly requestCount: number;
  readonly typing: readonly { readonly channelId: string; readonly atMs: number }[];
  /** Registered commands as they were sent: global, or a guild's. */
  commands(guildId?: string): readonly Readonly<Record<string, unknown>>[];
  guild(options?: GuildOptions): GuildRef;
  person(name: string): Person;
  /** Another bot's or a webhook's message, or one that the system wrote. */
  noise(channel: ChannelRef, content: string, kind: 'bot' | 'webhook' | 'system'): SeenMessage;
  messages(channel: ChannelRef, as?: Person): SeenMessage[];
  /** The message as it stands now. @throws where it is gone */
  message(message: { readonly id: string; readonly channelId: string }, as?: Person): SeenMessage;
  threads(channel: ChannelRef): { readonly id: string; readonly name: string; readonly type: number }[];
  /** Somebody opens a thread by hand, public or private. */
  openThread(
    parent: ChannelRef,
    by: Person,
    name: string,
    kind?: 'public' | 'private',
    /** Whether the bot is in it (true). */
    options?: { readonly withBot?: boolean },
  ): ChannelRef;
  /** Whether a thread is archived. */
  isArchived(thread: ChannelRef): boolean;
  setThread(thread: ChannelRef, state: { readonly archived?: boolean; readonly locked?: boolean }): void;
  removeChannel(channel: ChannelRef): void;
  removeMessage(message: ChannelRef): void;
  /**
   * Forgets an interaction or a message with all that came of it, and every request so far, without a word to anybody: what
   * a load of hours leaves would fill the memory.
   */
  forget(asked: { readonly id: string }): void;
  deny(channel: ChannelRef, permissions: readonly PermissionName[]): void;
  entitle(skuId: string, owner: { readonly user?: Person; readonly guild?: GuildRef }): Bought;
  refuseDmsTo(person: Person): void;
  /** Opens a thread from a message. */
  openThreadFrom(message: ChannelRef, by: Person, name: string): ChannelRef;
  /** The most that one file may have from now on, in bytes. */
  limitFiles(bytes: number): void;
  /** Ends the addresses of all attachments; messages that are fetched again have new ones. */
  expireFiles(): void;
  /** Serves no attachment any more, although messages still have them. */
  loseFiles(): void;
  /** Resolves as soon as the condition holds; looks again whenever anything happened here, and every few milliseconds. */
  until(condition: () => boolean, what?: string, patienceMs?: number): Promise<void>;
  /** Every rule that was broken: 429s served, bad forms, interactions acknowledged late, twice or never. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

/** Permissions of @everyone in a new guild, as far as they matter here. */
const EVERYONE: readonly PermissionName[] = [
  'ViewChannel',
  'SendMessages',
  'SendMessagesInThreads',
  'ReadMessageHistory',
  'AddReactions',
  'EmbedLinks',
  'AttachFiles',
  'CreatePublicThreads',
  'UseApplicationCommands',
  'UseExternalApps',
];

/** How long `until` waits by default for what never comes. */
const PATIENCE_MS = 10_000;

/** How often `until` looks again at what changes outside the fake. */
const POLL_MS = 10;

export async function createFakeDiscord(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
  const clock = options.clock ?? systemClock;
  const world = createWorld(clock, { messageContent: options.messageContent ?? true });
  const broken: string[] = [];
  const requests: SeenRequest[] = [];
  let forgotten = 0;
  const typing: { channelId: string; atMs: number }[] = [];
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watch of watchers) watch();
  };
  const violate = (text: string) => broken.push(text);
  let port = 0;
  const gatewayUrl = () => options.gatewayUrl ?? `ws://127.0.0.1:${port}/gateway`;

  const gateway = createGateway(world, {
    url: gatewayUrl,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 41_250,
    violate,
    changed,
  });
  const { onMessage = () => {} } = options;
  const announcer = createAnnouncer(world, (event) => {
    gateway.deliver(event);
    changed();
  });
  const announce: Announcer = {
    ...announcer,
    messageCreated(message) {
      onMessage(message);
      announcer.messageCreated(message);
    },
    messageUpdated(message) {
      onMessage(message);
      announcer.messageUpdated(message);
    },
  };
  const board = createMessageBoard(world, announce);
  const interactions = createInteractions(world, options.acknowledgeWithinMs ?? ACKNOWLEDGE_WITHIN_MS);
  const faults = createFaults();
  const server = createRestServer({
    world,
    match: createRouter([
      ...applicationRoutes(world, {
        url: gatewayUrl,
        shards: options.recommendedShards ?? 1,
        maxConcurrency: 16,
      }),
      ...channelRoutes(world, board, announce, typing),
      ...interactionRoutes(world, board, interactions),
    ]),
    buckets: createBuckets(
      clock,
      { ...USUAL_LIMITS, ...options.rateLimits },
      options.globalPerSecond ?? GLOBAL_PER_SECOND,
    ),
    faults,
    requests,
    violate,
    changed,
  });
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  world.cdn.origin = `http://127.0.0.1:${port}`;

  function until(condition: () => boolean, what = 'the condition', patienceMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        watchers.delete(check);
        clearInterval(poll);
        clearTimeout(timer);
        settle();
      };
      const check = () => {
        if (condition()) finish(resolve);
      };
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`waited in vain until ${what}\n${transcript()}`)));
      }, patienceMs);
      const poll = setInterval(check, POLL_MS);
      watchers.add(check);
      check();
    });
  }

  function transcript(): string {
    const last = requests.slice(-15).map(({ method, path, status }) => `${status} ${method} ${path}`);
    return [`violations: ${broken.join('; ') || 'none'}`, 'last requests:', ...last].join('\n');
  }

  function channelById(ref: ChannelRef): Channel {
    const channel = world.channels.get(ref.id);
    if (!channel) throw new Error(`there is no channel ${ref.id}`);
    return channel;
  }

  function createChannel(guild: Guild, channel: ChannelOptions): ChannelRef {
    const created: Channel = {
      id: world.nextId(),
      type: CHANNEL[channel.type ?? 'text'],
      guildId: guild.id,
      parentId: null,
      name: channel.name ?? 'general',
      overwrites: channel.denyBot
        ? [{ id: world.application.bot.id, type: 'member', allow: 0n, deny: permissionBits(channel.denyBot) }]
        : [],
      recipientIds: [],
      thread: null,
    };
    world.channels.set(created.id, created);
    announce.channelCreated(created);
    return { id: created.id };
  }

  /** Everybody has a role of their own, which is how permissions are given here. */
  function addMember(
    guild: Guild,
    userId: string,
    name: string,
    permissions: readonly PermissionName[],
    nick: string | null = null,
  ): string {
    const id = world.nextId();
    const botId = userId === world.application.bot.id ? userId : null;
    guild.roles.set(id, { id, name, botId, permissions: permissionBits(permissions) });
    guild.members.set(userId, { userId, roleIds: [id], nick });
    return id;
  }

  return {
    apiUrl: `http://127.0.0.1:${port}/api`,
    token: world.application.token,
    environment: {
      DISCORD_TOKEN: world.application.token,
      DISCORD_API_URL: `http://127.0.0.1:${port}/api`,
    },
    applicationId: world.application.id,
    botMention: `<@${world.application.bot.id}>`,
    gateway,
    faults,
    requests,
    get requestCount() {
      return forgotten + requests.length;
    },
    typing,
    commands: (guildId) => (world.commands.get(guildId ?? null) ?? []).map((command) => command.body),
    guild(guildOptions = {}) {
      const id = guildOptions.id ?? world.nextId();
      const guild: Guild = {
        id,
        name: guildOptions.name ?? 'Guild',
        ownerId: guildOptions.owner?.id ?? world.nextId(),
        systemChannelId: null,
        roles: new Map([
          [
            id,
            {
              id,
              name: '@everyone',
              botId: null,
              permissions: permissionBits(guildOptions.everyone ?? EVERYONE),
            },
          ],
        ]),
        members: new Map(),
        commandsScope: guildOptions.commandsScope ?? true,
      };
      world.guilds.set(id, guild);
      let botRoleId = '';
      if (guildOptions.withBot ?? true) {
        botRoleId = addMember(guild, world.application.bot.id, 'Parley', guildOptions.bot ?? []);
        announce.guildCreated(guild);
      }
      return {
        id,
        botRoleId,
        channel: (channelOptions = {}) => createChannel(guild, channelOptions),
        setSystemChannel(channel) {
          guild.systemChannelId = channel.id;
        },
        join: (person, permissions = [], nick) =>
          void addMember(guild, person.id, person.name, permissions, nick),
        role(name) {
          const roleId = world.nextId();
          const role = { id: roleId, name, botId: null, permissions: 0n };
          guild.roles.set(roleId, role);
          announce.roleCreated(guild, role);
          return roleId;
        },
        give: (person, roleId) => void guild.members.get(person.id)?.roleIds.push(roleId),
      };
    },
    person(name) {
      const user = {
        id: world.nextId(),
        username: name.toLowerCase(),
        globalName: name,
        bot: false,
        acceptsDms: true,
      };
      world.users.set(user.id, user);
      return createPerson(user, world, board, announce, interactions, until);
    },
    noise(ref, content, kind) {
      const channel = channelById(ref);
      const user = {
        id: world.nextId(),
        username: kind,
        globalName: null,
        bot: kind !== 'system',
        acceptsDms: true,
      };
      world.users.set(user.id, user);
      const message = board.post({
        channel,
        authorId: user.id,
        body: { content },
        sender: kind === 'webhook' ? 'webhook' : 'bot',
        // 7: a member joined.
        type: kind === 'system' ? 7 : 0,
      });
      const [view] = seenIn(world, channel.id).filter((each) => each.id === message.id);
      if (!view) throw new Error('the message was not posted');
      return view;
    },
    messages: (channel, as) => seenIn(world, channel.id, as?.id),
    message({ id, channelId }, as) {
      const found = seenIn(world, channelId, as?.id).find((each) => each.id === id);
      if (!found) throw new Error(`there is no message ${id} to be seen`);
      return found;
    },
    threads: (channel) =>
      [...world.channels.values()]
        .filter((each) => each.thread && each.parentId === channel.id)
        .map(({ id, name, type }) => ({ id, name, type })),
    openThread(parent, by, name, kind = 'public', { withBot = true } = {}) {
      const type = kind === 'public' ? CHANNEL.publicThread : CHANNEL.privateThread;
      const members = withBot ? [world.application.bot.id] : [];
      const thread = board.openThread(channelById(parent), { name, ownerId: by.id, type, members });
      return { id: thread.id };
    },
    openThreadFrom(ref, by, name) {
      const fromMessage = world.messages.get(ref.id);
      if (!fromMessage) throw new Error(`there is no message ${ref.id}`);
      const parent = channelById({ id: fromMessage.channelId });
      const type = CHANNEL.publicThread;
      const members = [world.application.bot.id];
      const thread = board.openThread(parent, { name, ownerId: by.id, type, fromMessage, members });
      return { id: thread.id };
    },
    isArchived: (ref) => channelById(ref).thread?.archived ?? false,
    setThread(ref, state) {
      const channel = channelById(ref);
      if (!channel.thread) throw new Error(`${channel.name} is no thread`);
      if (state.locked !== undefined) channel.thread.locked = state.locked;
      board.setArchived(channel, state.archived ?? channel.thread.archived);
    },
    removeChannel(ref) {
      const channel = channelById(ref);
      announce.channelDeleted(channel);
      world.channels.delete(channel.id);
    },
    removeMessage(ref) {
      const message = world.messages.get(ref.id);
      if (message) board.remove(message);
    },
    forget({ id }) {
      for (const message of world.messages.values()) {
        const isOfIt = message.interaction?.id === id || message.channelId === id || message.id === id;
        if (isOfIt) world.messages.delete(message.id);
      }
      // The thread of a message has its id.
      world.channels.delete(id);
      interactions.forget(id);
      forgotten += requests.length;
      requests.length = 0;
      typing.length = 0;
    },
    deny(ref, permissions) {
      const channel = channelById(ref);
      channel.overwrites = [
        ...channel.overwrites,
        { id: world.application.bot.id, type: 'member', allow: 0n, deny: permissionBits(permissions) },
      ];
      announce.channelUpdated(channel);
    },
    entitle(skuId, owner) {
      const entitlement: Entitlement = {
        id: world.nextId(),
        skuId,
        userId: owner.user?.id ?? null,
        guildId: owner.guild?.id ?? null,
        endsAtMs: null,
        deleted: false,
        consumed: false,
      };
      world.entitlements.push(entitlement);
      announce.entitlementCreated(entitlement);
      return {
        end() {
          entitlement.endsAtMs = world.clock.now();
          announce.entitlementUpdated(entitlement);
        },
        refund() {
          entitlement.deleted = true;
          announce.entitlementDeleted(entitlement);
        },
        consume() {
          entitlement.consumed = true;
        },
      };
    },
    limitFiles(bytes) {
      world.uploadLimit.bytes = bytes;
    },
    expireFiles() {
      world.cdn.signature = world.nextId();
    },
    loseFiles() {
      world.cdn.isEmpty = true;
    },
    refuseDmsTo(person) {
      const user = world.users.get(person.id);
      if (user) user.acceptsDms = false;
    },
    until,
    get violations() {
      const missed = interactions.missed().map(({ label }) => `not acknowledged within 3 s: ${label}`);
      return [...broken, ...missed];
    },
    async close() {
      gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
