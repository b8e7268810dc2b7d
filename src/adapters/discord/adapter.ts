// Must come before discord.js.
import './gateway/lead-gateway.ts';
import { type Client, Events } from 'discord.js';
import type { Logger } from 'pino';
import type { WriteLimiters } from '../../core/delivery/write-limiter.ts';
import { createTasks } from '../../core/kit/scheduling/tasks.ts';
import { createSealing } from '../../core/kit/secrets/sealing.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import type { Background } from '../../core/kit/time/repeat.ts';
import type { Adapter } from '../../core/ports/adapter.ts';
import { type CommandDeclaration, inWordsOf } from '../../core/ports/command.ts';
import type { DiscordContext } from './answers/context.ts';
import { changeButtons, reopen } from './answers/reopen.ts';
import { introducing, tellAdmins, tellPerson } from './answers/tell-admins.ts';
import { createWaitingSigns } from './answers/waiting-signs.ts';
import { type Application, readApplication } from './gateway/application.ts';
import { type Connection, createClient, isConnected, login } from './gateway/client.ts';
import { createEntitlements } from './gateway/entitlements.ts';
import { botPage, inviteLink } from './gateway/invite.ts';
import { registerCommands } from './gateway/registration.ts';
import { listen } from './listen.ts';
import { createFileReader } from './messages/read-file.ts';
import { createRest } from './rest/rest.ts';

export interface DiscordAdapterOptions {
  readonly connection: Connection;
  readonly commands: readonly CommandDeclaration[];
  /**
   * Guilds that get the commands as guild commands, which appear at once, for development. Default: none, and the commands
   * are global.
   */
  readonly commandGuilds?: readonly string[];
  /** SKUs that bring a tier. Default: none, and purchases are ignored. */
  readonly skus?: ReadonlySet<string>;
  readonly limiters: WriteLimiters;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DiscordAdapter extends Adapter {
  /** Lines for the operator after the start: the invite link, and what does not work. */
  readonly notes: readonly string[];
}

/** For `/help`: what does not work, and the remedy. */
const WITHOUT_CONTENT =
  'I cannot read messages that do not mention me, so mention me in threads too. Direct messages and commands work as usual.';

/** Discord by its gateway and REST API, with the commands registered at the start. */
export function createDiscordAdapter(options: DiscordAdapterOptions): DiscordAdapter {
  const { connection, commandGuilds = [], skus = new Set<string>(), limiters, clock, log } = options;
  const { shards } = connection;
  const rest = createRest({ ...connection, clock, limiters });
  const tasks = createTasks(log);
  const sealing = createSealing(connection.token, 'discord interaction tokens');
  const notes: string[] = [];
  let client: Client | null = null;
  /** Available once Discord has said whose token it is. */
  let context: DiscordContext | null = null;
  let watching: Background | null = null;

  function isArchived(id: string): boolean {
    const channel = client?.channels.cache.get(id);
    return channel?.isThread() === true && channel.archived === true;
  }

  return {
    platform: 'discord',
    routes: [],
    notes,

    async start(dispatch) {
      const application = await readApplication(rest, tasks.signal);
      const { id: applicationId, botId, messageContent } = application;
      // One of several processes is enough, and shard 0 always exists.
      const isFirst = shards === 'auto' || shards.ids.includes(0);
      if (isFirst) {
        const { commands } = options;
        await registerCommands({ rest, applicationId, commands, log }, commandGuilds, tasks.signal);
      }

      const signs = createWaitingSigns(rest, clock, tasks);
      const caveat = messageContent ? undefined : WITHOUT_CONTENT;
      context = { rest, signs, sealing, isArchived, botId, caveat, tasks, clock, log };
      client = createClient(connection, messageContent, log);
      const commands = options.commands.map((command) => inWordsOf('discord', command));
      const entitlements =
        skus.size > 0 ? createEntitlements({ rest, applicationId, clock, dispatch, skus }) : null;
      watching = listen(client, { discord: context, dispatch, commands, entitlements });
      await login(client, connection, applicationId, log);
      const introduce = introducing(client, context, dispatch);
      for (const guild of client.guilds.cache.values()) introduce(guild);
      client.on(Events.GuildCreate, introduce);
      if (isFirst) await entitlements?.readAll(tasks.signal);
      notes.push(...announce(application, client.guilds.cache.size, log));
    },

    ready: () => client !== null && isConnected(client),
    guildNames: () =>
      new Map(client?.guilds.cache.map(({ id, name }) => [`discord:${id}` as const, name] as const)),
    readFile: createFileReader({ ...connection, rest }),

    async tellAdmins(guild, notice, signal) {
      return client !== null && (await tellAdmins({ client, rest }, guild, notice, signal));
    },

    tellPerson: (user, notice, signal) => tellPerson(rest, user, notice, signal),

    async reopen(lost, signal) {
      if (context === null) throw new Error('places can only be reopened after the start');
      return reopen(context, lost, signal);
    },

    changeButtons: (ended, buttons, signal) => changeButtons({ rest, sealing }, ended, buttons, signal),

    async stop() {
      await watching?.stop();
      // discord.js also emits this when a connection is closed for good.
      client?.removeAllListeners(Events.ShardReconnecting);
      await client?.destroy();
      await tasks.stop();
    },
  };
}

/** Logs that Discord is connected; returns the lines for the operator. */
function announce({ id, name, messageContent }: Application, guilds: number, log: Logger): string[] {
  const invite = inviteLink(id);
  log.info({ application: id, guilds, invite }, 'Discord is connected');
  const notes = [`Invite ${name} to a Discord server: ${invite}`];
  if (messageContent) return notes;
  const remedy = `switch on "Message Content Intent" at ${botPage(id)} and restart Parley`;
  log.warn(
    { remedy },
    'the message-content intent is off, so messages that do not mention the bot cannot be read',
  );
  return [...notes, `Discord: messages in threads need a mention of the bot; to change that, ${remedy}.`];
}
