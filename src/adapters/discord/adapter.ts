// Must come before discord.js.
import './gateway/lead-gateway.ts';
import type { Agent } from 'node:https';
import { type Client, Events } from 'discord.js';
import type { Logger } from 'pino';
import type { WriteLimiters } from '../../core/delivery/write-limiter.ts';
import type { Clock } from '../../core/kit/clock.ts';
import type { Background } from '../../core/kit/repeat.ts';
import { createSealing } from '../../core/kit/sealing.ts';
import { createTasks } from '../../core/kit/tasks.ts';
import { type Adapter, StartError } from '../../core/ports/adapter.ts';
import { type CommandDeclaration, inWordsOf } from '../../core/ports/command.ts';
import { introducing } from './answers/introduce.ts';
import type { IsArchived } from './answers/message-writers.ts';
import { changeButtons, reopen } from './answers/reopen.ts';
import { tellAdmins, tellPerson } from './answers/tell-admins.ts';
import { createWaitingSigns } from './answers/waiting-signs.ts';
import { type Application, readApplication } from './gateway/application.ts';
import { createClient, type GatewayOptions, isConnected, login, type Shards } from './gateway/client.ts';
import { createEntitlements } from './gateway/entitlements.ts';
import { botPage, inviteLink } from './gateway/invite.ts';
import { register } from './gateway/registration.ts';
import { listen } from './inbound/listen.ts';
import { createFileReader } from './inbound/read-file.ts';
import { isForbidden } from './rest/errors.ts';
import { createRest } from './rest/rest.ts';

export interface DiscordAdapterOptions {
  readonly token: string;
  /** Without the version: `https://discord.com/api`, or a proxy's address. */
  readonly apiUrl: string;
  readonly shards: Shards;
  readonly commands: readonly CommandDeclaration[];
  /**
   * Guilds that get the commands as guild commands, which appear at once, for development. Default: none, and the commands
   * are global.
   */
  readonly commandGuilds?: readonly string[];
  /** SKUs that bring a tier. Without any, purchases are ignored. */
  readonly skus?: ReadonlySet<string>;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: typeof fetch;
  /** Routes the gateway's connections through a proxy. Default: direct. */
  readonly socketAgent?: Agent;
  readonly waitForIdentify?: () => Promise<void>;
}

export interface DiscordAdapter extends Adapter {
  /** Lines for the operator after the start: the invite link, and what does not work. */
  readonly notes: readonly string[];
}

/** For `/help`: what does not work, and the remedy. */
const WITHOUT_CONTENT =
  'I cannot read messages that do not mention me, so mention me in threads too. Direct messages and commands work as usual.';

export function createDiscordAdapter(options: DiscordAdapterOptions): DiscordAdapter {
  const { clock, log } = options;
  const rest = createRest(options);
  const tasks = createTasks(log);
  const signs = createWaitingSigns(rest, clock, tasks);
  const sealing = createSealing(options.token, 'discord interaction tokens');
  let client: Client | null = null;
  const isArchived: IsArchived = (id) => {
    const channel = client?.channels.cache.get(id);
    return channel?.isThread() === true && channel.archived === true;
  };
  const tools = { rest, clock, log, tasks, signs, sealing, isArchived };
  const notes: string[] = [];
  let watching: Background | null = null;
  /** The tools for writing answers; available once Discord has said whose token it is. */
  let answering: (typeof tools & { readonly botId: string; readonly caveat: string | undefined }) | null =
    null;

  async function registerCommands(applicationId: string): Promise<void> {
    const { commands, commandGuilds = [] } = options;
    const guilds = commandGuilds.length === 0 ? [null] : commandGuilds;
    for (const guild of guilds) {
      try {
        await register({ rest, applicationId, commands, log }, guild, tasks.signal);
      } catch (error) {
        if (!isForbidden(error)) throw error;
        throw new StartError(
          `The bot cannot register commands in the Discord server ${guild}: it was invited without "applications.commands", or not at all.`,
          `Open ${inviteLink(applicationId)} and add the bot to that server again; its settings stay.`,
          { cause: error },
        );
      }
    }
  }

  function say({ id, name, messageContent }: Application, guilds: number): void {
    const invite = inviteLink(id);
    notes.push(`Invite ${name} to a Discord server: ${invite}`);
    log.info({ application: id, guilds, invite }, 'Discord is connected');
    if (messageContent) return;
    const remedy = `switch on "Message Content Intent" at ${botPage(id)} and restart Parley`;
    notes.push(`Discord: messages in threads need a mention of the bot; to change that, ${remedy}.`);
    log.warn(
      { remedy },
      'the message-content intent is off, so messages that do not mention the bot cannot be read',
    );
  }

  return {
    platform: 'discord',
    routes: [],
    notes,

    async start(dispatch) {
      const application = await readApplication(rest, tasks.signal);
      const { id: applicationId, botId, messageContent } = application;
      const { shards } = options;
      // One of several processes is enough, and shard 0 always exists.
      const isFirst = shards === 'auto' || shards.ids.includes(0);
      if (isFirst) await registerCommands(applicationId);

      answering = { ...tools, botId, caveat: messageContent ? undefined : WITHOUT_CONTENT };
      const gateway: GatewayOptions = { ...options, applicationId, messageContent };
      client = createClient(gateway);
      const { skus = new Set<string>() } = options;
      const commands = options.commands.map((command) => inWordsOf('discord', command));
      const entitlements =
        skus.size > 0 ? createEntitlements({ rest, applicationId, clock, dispatch, skus }) : null;
      watching = listen(client, { ...answering, dispatch, commands, entitlements });
      await login(client, gateway);
      const introduce = introducing(client, { rest, dispatch, clock, tasks });
      for (const guild of client.guilds.cache.values()) introduce(guild);
      client.on(Events.GuildCreate, introduce);
      if (isFirst) await entitlements?.readAll(tasks.signal);
      say(application, client.guilds.cache.size);
    },

    ready: () => client !== null && isConnected(client),
    guildNames: () =>
      new Map(client?.guilds.cache.map(({ id, name }) => [`discord:${id}` as const, name] as const)),
    readFile: createFileReader({ ...options, rest }),

    async tellAdmins(guild, notice, signal) {
      return client !== null && (await tellAdmins({ client, rest }, guild, notice, signal));
    },

    tellPerson: (user, notice, signal) => tellPerson(rest, user, notice, signal),

    async reopen(lost, signal) {
      if (answering === null) throw new Error('places can only be reopened after the start');
      return reopen(answering, lost, signal);
    },

    async changeButtons(ended, buttons, signal) {
      return changeButtons(tools, ended, buttons, signal);
    },

    async stop() {
      await watching?.stop();
      // discord.js also emits this when a connection is closed for good.
      client?.removeAllListeners(Events.ShardReconnecting);
      await client?.destroy();
      await tasks.stop();
    },
  };
}
