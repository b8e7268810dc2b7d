import { apiError } from './errors.ts';
import { type CommandBody, parseCommands } from './limits.ts';
import { guildPermissions } from './permissions.ts';
import type { Call, Route } from './router.ts';
import {
  applicationFlags,
  commandJson,
  entitlementJson,
  guildJson,
  hasEnded,
  memberJson,
  userJson,
} from './wire.ts';
import type { RegisteredCommand, World } from './world.ts';

/** The application, its commands and entitlements, guilds and users, and where the gateway is. */
export function applicationRoutes(
  world: World,
  gateway: { url: () => string; shards: number; maxConcurrency: number },
): Route[] {
  const { application } = world;
  const bot = true;

  function guildOf({ params }: Call) {
    const guild = world.guilds.get(params['guild'] ?? '');
    if (!guild) throw apiError('unknownGuild');
    if (!guild.members.has(application.bot.id)) throw apiError('missingAccess');
    return guild;
  }

  const applicationJson = () => ({
    id: application.id,
    name: application.name,
    icon: null,
    description: '',
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: applicationFlags(world),
    bot: userJson(application.bot),
    approximate_guild_count: world.guilds.size,
  });

  function register(guildId: string | null, body: unknown): RegisteredCommand[] {
    const before = world.commands.get(guildId) ?? [];
    const commands = parseCommands(body).map((command) => registered(command, before));
    world.commands.set(guildId, commands);
    return commands;
  }

  function registered(command: CommandBody, before: readonly RegisteredCommand[]): RegisteredCommand {
    const previous = before.find((each) => each.name === command.name && each.type === command.type);
    return {
      id: previous?.id ?? world.nextId(),
      version: world.nextId(),
      type: command.type,
      name: command.name,
      description: command.description,
      options: command.options,
      contexts: command.contexts ?? null,
      integrationTypes: command.integration_types ?? [0],
      defaultMemberPermissions: command.default_member_permissions ?? null,
      body: command,
    };
  }

  function mine({ params }: Call): void {
    if (params['application'] !== application.id) throw apiError('missingAccess');
  }

  const list = (guildId: string | null) =>
    (world.commands.get(guildId) ?? []).map((command) => commandJson(world, command, guildId));

  function commandGuild(call: Call): string {
    mine(call);
    const guild = guildOf(call);
    if (!guild.commandsScope) throw apiError('missingAccess');
    return guild.id;
  }

  return [
    {
      method: 'GET',
      path: '/gateway/bot',
      bot,
      handle: () => ({
        url: gateway.url(),
        shards: gateway.shards,
        session_start_limit: {
          total: 1000,
          remaining: 1000,
          reset_after: 86_400_000,
          max_concurrency: gateway.maxConcurrency,
        },
      }),
    },
    { method: 'GET', path: '/users/@me', bot, handle: () => userJson(application.bot) },
    { method: 'GET', path: '/applications/@me', bot, handle: applicationJson },
    { method: 'GET', path: '/oauth2/applications/@me', bot, handle: applicationJson },
    {
      method: 'GET',
      path: '/users/@me/guilds',
      bot,
      handle: () =>
        [...world.guilds.values()]
          .filter(({ members }) => members.has(application.bot.id))
          .map((guild) => ({
            id: guild.id,
            name: guild.name,
            owner: guild.ownerId === application.bot.id,
            permissions: guildPermissions(guild, application.bot.id).toString(),
          })),
    },
    {
      method: 'GET',
      path: '/users/:user',
      bot,
      handle: ({ params }) => {
        const user = world.users.get(params['user'] ?? '');
        if (!user) throw apiError('unknownUser');
        return userJson(user);
      },
    },
    { method: 'GET', path: '/guilds/:guild', bot, handle: (call) => guildJson(world, guildOf(call)) },
    {
      method: 'GET',
      path: '/guilds/:guild/members/:user',
      bot,
      handle: (call) => {
        const member = guildOf(call).members.get(call.params['user'] ?? '');
        if (!member) throw apiError('unknownMember');
        return memberJson(world, member);
      },
    },
    {
      method: 'GET',
      path: '/applications/:application/commands',
      bot,
      handle: (call) => {
        mine(call);
        return list(null);
      },
    },
    {
      method: 'PUT',
      path: '/applications/:application/commands',
      bot,
      handle: (call) => {
        mine(call);
        register(null, call.body);
        return list(null);
      },
    },
    {
      method: 'GET',
      path: '/applications/:application/guilds/:guild/commands',
      bot,
      handle: (call) => list(commandGuild(call)),
    },
    {
      method: 'PUT',
      path: '/applications/:application/guilds/:guild/commands',
      bot,
      handle: (call) => {
        const guildId = commandGuild(call);
        register(guildId, call.body);
        return list(guildId);
      },
    },
    {
      method: 'GET',
      path: '/applications/:application/entitlements',
      bot,
      handle: (call) => {
        mine(call);
        const { query } = call;
        return world.entitlements
          .filter((each) => !query.has('guild_id') || each.guildId === query.get('guild_id'))
          .filter((each) => !query.has('user_id') || each.userId === query.get('user_id'))
          .filter((each) => !query.has('sku_ids') || query.get('sku_ids')?.split(',').includes(each.skuId))
          .filter(
            (each) => !each.deleted && (query.get('exclude_ended') !== 'true' || !hasEnded(world, each)),
          )
          .filter((each) => BigInt(each.id) > BigInt(query.get('after') ?? 0))
          .slice(0, Number(query.get('limit') ?? 100))
          .map((each) => entitlementJson(world, each));
      },
    },
  ];
}
