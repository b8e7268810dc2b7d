import { Events } from 'discord.js';
import type { Logger } from 'pino';
import { type Adapter, StartError } from '../../core/adapter.ts';
import type { Clock } from '../../core/clock.ts';
import type { Command } from '../../core/command.ts';
import type { Pacers } from '../../core/reply/pacer.ts';
import { readApplication } from './application.ts';
import { createClient, type GatewayOptions, isConnected, login, type Shards } from './client.ts';
import { isForbidden } from './errors.ts';
import { createInteractionHandler } from './interactions.ts';
import { botPage, inviteLink } from './invite.ts';
import { createMessageHandler } from './messages.ts';
import { eventId } from './places.ts';
import { register } from './registration.ts';
import { createRest } from './rest.ts';
import { createTasks } from './tasks.ts';
import { createWaitingSigns } from './waiting-signs.ts';

export interface DiscordAdapterOptions {
  readonly token: string;
  /** Without the version: `https://discord.com/api`, or a proxy's. */
  readonly apiUrl: string;
  readonly shards: Shards;
  readonly commands: readonly Command[];
  /** Guilds that get the commands as their own, at once, for development; with none they are global. */
  readonly commandGuilds?: readonly string[];
  readonly pacers: Pacers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: typeof fetch;
  readonly waitForIdentify?: () => Promise<void>;
}

export interface DiscordAdapter extends Adapter {
  /** What the operator should read once it has started: the invite link, and what does not work. */
  readonly notes: readonly string[];
}

export function createDiscordAdapter(options: DiscordAdapterOptions): DiscordAdapter {
  const { commands, commandGuilds = [], clock, log } = options;
  const rest = createRest(options);
  const tasks = createTasks(log);
  const notes: string[] = [];
  let client: ReturnType<typeof createClient> | null = null;

  async function registerCommands(applicationId: string): Promise<void> {
    const guilds = commandGuilds.length === 0 ? [null] : commandGuilds;
    for (const guild of guilds) {
      try {
        await register({ rest, applicationId, commands, log }, guild, tasks.signal);
      } catch (error) {
        if (!isForbidden(error)) throw error;
        throw new StartError(
          `The bot may not have commands in the Discord guild ${guild}: it was invited without "applications.commands", or not at all.`,
          `Open ${inviteLink(applicationId)} and add it to that guild; it keeps what it has.`,
          { cause: error },
        );
      }
    }
  }

  return {
    platform: 'discord',
    routes: [],
    notes,

    async start(dispatch) {
      const application = await readApplication(rest, tasks.signal);
      const { id: applicationId, messageContent } = application;
      // One process of several is enough, and shard 0 is always somewhere.
      const { shards } = options;
      if (shards === 'auto' || shards.ids.includes(0)) await registerCommands(applicationId);

      const caveat = messageContent
        ? undefined
        : 'I cannot read messages that do not mention me, so mention me in threads too; direct messages and commands work as always.';
      const gateway: GatewayOptions = { ...options, applicationId, messageContent };
      const connecting = createClient(gateway);
      client = connecting;
      const signs = createWaitingSigns(rest, clock, tasks);
      const handleInteraction = createInteractionHandler({ ...options, rest, signs, dispatch, caveat });
      connecting.on(Events.InteractionCreate, (interaction) =>
        tasks.start('an interaction could not be dealt with', (signal) =>
          handleInteraction(interaction, signal),
        ),
      );
      connecting.once(Events.ClientReady, ({ user }) => {
        const handleMessage = createMessageHandler({
          ...options,
          rest,
          signs,
          tasks,
          dispatch,
          botId: user.id,
          caveat,
        });
        connecting.on(Events.MessageCreate, (message) =>
          tasks.start('a message could not be dealt with', (signal) => handleMessage(message, signal)),
        );
      });
      connecting.on(Events.MessageDelete, ({ id }) => dispatch.retract(eventId(id)));
      connecting.on(Events.MessageBulkDelete, (messages) => {
        for (const id of messages.keys()) dispatch.retract(eventId(id));
      });
      await login(connecting, gateway);

      const invite = inviteLink(applicationId);
      notes.push(`Invite ${application.name} to a Discord server: ${invite}`);
      log.info(
        { application: applicationId, guilds: connecting.guilds.cache.size, invite },
        'Discord is connected',
      );
      if (caveat !== undefined) {
        const remedy = `switch on "Message Content Intent" at ${botPage(applicationId)} and start again`;
        notes.push(`Discord: messages in threads need a mention of the bot; to change that, ${remedy}.`);
        log.warn(
          { remedy },
          'without the message-content intent, messages that do not mention the bot cannot be read',
        );
      }
    },

    ready: () => client !== null && isConnected(client),

    async stop() {
      await tasks.stop();
      await client?.destroy();
    },
  };
}
