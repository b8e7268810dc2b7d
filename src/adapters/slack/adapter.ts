import { App } from '@slack/bolt';
import type { Logger } from 'pino';
import type { WriteLimiters } from '../../core/delivery/write-limiter.ts';
import { BoundedMap } from '../../core/kit/bounded-map.ts';
import { createTasks, type Tasks } from '../../core/kit/scheduling/tasks.ts';
import type { Clock } from '../../core/kit/time/clock.ts';
import { waitAtMost } from '../../core/kit/time/deadline.ts';
import type { GuildId } from '../../core/ports/actor.ts';
import type { Adapter } from '../../core/ports/adapter.ts';
import { type CommandDeclaration, inWordsOf } from '../../core/ports/command.ts';
import type { Dispatch } from '../../core/ports/events.ts';
import type { Fetch } from '../../core/ports/fetch.ts';
import { createAgentView } from './answers/agent-view.ts';
import { changeButtons, reopen } from './answers/reopen.ts';
import { guildOf } from './api/places.ts';
import { createWebApi } from './api/web-api.ts';
import { createWorkspace, type Workspace } from './api/workspace.ts';
import type { SlackContext } from './context.ts';
import { claimsFirst } from './inbound/intake.ts';
import { listen } from './inbound/listeners.ts';
import { createMissed } from './inbound/missed.ts';
import { createFileReader } from './payloads/read-file.ts';
import { createChannels } from './people/channels.ts';
import { createDirectory } from './people/directory.ts';
import { createResponseUrl } from './posting/response-url.ts';
import { createTellAdmins, tellPerson } from './posting/tell-admins.ts';
import { identify } from './start-checks.ts';
import { createBoltLogger } from './transport/bolt-logger.ts';
import { createHttpTransport } from './transport/http.ts';
import { createInOrder } from './transport/in-order.ts';
import { createSocketTransport } from './transport/socket.ts';
import type { SocketDispatcher, Transport, TransportOptions } from './transport/transport.ts';

export interface SlackAdapterOptions {
  readonly botToken: string;
  /** How Slack's events arrive: over a socket that the bot opens, or as signed requests to `EVENTS_PATH`. */
  readonly transport:
    | { readonly mode: 'socket'; readonly appToken: string }
    | { readonly mode: 'http'; readonly signingSecret: string };
  /** Ends with a slash. */
  readonly apiUrl: string;
  readonly commands: readonly CommandDeclaration[];
  readonly limiters: WriteLimiters;
  readonly fetch: Fetch;
  /** Routes Socket Mode through a proxy. Default: direct. */
  readonly socketDispatcher?: SocketDispatcher;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Slack itself redelivers what it could not deliver for less than this: https://docs.slack.dev/apis/events-api#retries */
const REDELIVERED_MS = 30_000;

/** Events whose mention another process handles are never asked for. */
const MAX_TWINS = 1_000;

/** How long the stop waits for Slack to remove signs on questions. */
const LAST_WORDS_MS = 3_000;

export interface SlackAdapter extends Adapter {
  /** Lines for the operator after the start: what more scopes would add. */
  readonly notes: readonly string[];
}

/** Available once Slack has said whose token it is. */
type Started = Awaited<ReturnType<typeof register>>;

/** The Slack adapter, over Socket Mode or signed HTTP. */
export function createSlackAdapter(options: SlackAdapterOptions): SlackAdapter {
  const { apiUrl, fetch, clock, log } = options;
  const tasks = createTasks(log);
  const stopping = new AbortController();
  const { signal } = stopping;
  let started: Started | null = null;
  let phase: 'starting' | 'open' | 'stopping' = 'starting';
  const means: TransportOptions = {
    apiUrl,
    fetch,
    dispatcher: options.socketDispatcher,
    boltLogger: createBoltLogger(log, () => phase === 'stopping'),
    tasks,
    isOpen: () => phase === 'open',
    onBack(awayMs) {
      if (awayMs > REDELIVERED_MS) started?.missed.connected();
    },
    clock,
    log,
  };
  const transport =
    options.transport.mode === 'http'
      ? createHttpTransport(options.transport.signingSecret, means)
      : createSocketTransport(options.transport.appToken, means);

  function afterStart(): Started {
    if (started === null) throw new Error('answers on Slack can only be found after the start');
    return started;
  }

  return {
    platform: 'slack',
    routes: transport.routes,

    async start(dispatch) {
      started = await register(options, transport, means, dispatch, signal);
      await transport.connect();
      phase = 'open';
      started.missed.connected();
      const { team, botName } = started.slack.workspace;
      log.info({ team, bot: botName, mode: options.transport.mode }, 'connected to Slack');
    },

    ready: () => phase === 'open' && transport.isConnected(),

    get notes() {
      return started?.notes ?? [];
    },
    guildNames: () => started?.names ?? new Map(),
    readFile: async (reference, maxBytes, until) => afterStart().readFile(reference, maxBytes, until),
    reopen: async (lost, until) => reopen(afterStart().slack, lost, until),
    changeButtons: async (ended, buttons, until) => changeButtons(afterStart().slack, ended, buttons, until),
    tellAdmins: async (guild, notice, until) => (await started?.tellAdmins(guild, notice, until)) ?? false,
    tellPerson: async (user, notice, until) =>
      started !== null && tellPerson(started.slack.workspace, user, notice, until),

    async stop() {
      const wasOpen = phase === 'open';
      phase = 'stopping';
      await started?.missed.stop();
      await waitAtMost(clock, LAST_WORDS_MS, tasks.settled());
      if (wasOpen) await transport.disconnect();
      stopping.abort();
      await tasks.settled();
    },
  };
}

/** Asks Slack whose token it is, and registers the listeners for events of that workspace. */
async function register(
  options: SlackAdapterOptions,
  transport: Transport,
  { boltLogger, tasks }: TransportOptions,
  dispatch: Dispatch,
  signal: AbortSignal,
) {
  const { botToken, apiUrl, limiters, fetch, clock } = options;
  const api = createWebApi({ token: botToken, apiUrl, fetch });
  const identity = await identify(api, apiUrl, signal);
  const { team, teamName, botId, botUser, notes } = identity;
  const workspace = createWorkspace(identity, api, limiters, clock);
  workspace.quirks.takesFileInputs = identity.mayReadFiles;
  const slack = contextOf(workspace, options, dispatch, tasks, signal);
  const app = new App({
    receiver: claimsFirst(transport.receiver, slack),
    authorize: async () => ({ botToken, botId, botUserId: botUser }),
    convoStore: false,
    logger: boltLogger,
  });
  listen(app, slack);
  return {
    slack,
    missed: createMissed(slack, transport.isConnected),
    readFile: createFileReader({ workspace, botToken, apiUrl, fetch }),
    tellAdmins: createTellAdmins(workspace, clock),
    notes,
    names: new Map<GuildId, string>(teamName === '' ? [] : [[guildOf(team), teamName]]),
  };
}

function contextOf(
  workspace: Workspace,
  { apiUrl, commands, fetch, clock, log }: SlackAdapterOptions,
  dispatch: Dispatch,
  tasks: Tasks,
  signal: AbortSignal,
): SlackContext {
  const means = { workspace, clock, log, signal };
  const channels = createChannels(means);
  return {
    ...means,
    agentView: createAgentView(workspace, clock, log),
    channels,
    tasks,
    dispatch,
    commands: commands.map((command) => inWordsOf('slack', command)),
    directory: createDirectory(means, channels),
    twins: new BoundedMap(MAX_TWINS),
    inOrder: createInOrder(),
    responseUrl: (url) => createResponseUrl(url ?? '', apiUrl, fetch),
  };
}
