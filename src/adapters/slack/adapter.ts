import { App } from '@slack/bolt';
import type { Logger } from 'pino';
import type { WriteLimiters } from '../../core/delivery/write-limiter.ts';
import type { Clock } from '../../core/kit/clock.ts';
import { waitAtMost } from '../../core/kit/deadline.ts';
import { createTasks } from '../../core/kit/tasks.ts';
import type { GuildId } from '../../core/ports/actor.ts';
import { type Adapter, StartError } from '../../core/ports/adapter.ts';
import { type CommandDeclaration, inWordsOf } from '../../core/ports/command.ts';
import type { Dispatch } from '../../core/ports/events.ts';
import { createAgentView } from './answers/agent-view.ts';
import { changeButtons, reopen } from './answers/reopen.ts';
import { createStreamQuota } from './answers/stream-quota.ts';
import type { SurfaceParts } from './answers/surfaces.ts';
import { guildOf } from './api/places.ts';
import { createWebApi } from './api/web-api.ts';
import { createWorkspace } from './api/workspace.ts';
import { claimsFirst } from './inbound/intake.ts';
import { listen } from './inbound/listeners.ts';
import { createMissed, type Missed } from './inbound/missed.ts';
import type { SlackContext } from './payloads/context.ts';
import { createFileReader } from './payloads/read-file.ts';
import { createTwins } from './payloads/twins.ts';
import { createChannels } from './people/channels.ts';
import { createDirectory } from './people/directory.ts';
import { createMembership } from './people/membership.ts';
import { createPostingRules } from './people/posting-rules.ts';
import { createResponseUrl } from './posting/response-url.ts';
import { createTellAdmins, tellPerson } from './posting/tell-admins.ts';
import { identify, socketFault } from './start-checks.ts';
import { createBoltLogger } from './transport/bolt-logger.ts';
import { createHttpReceiver } from './transport/http-receiver.ts';
import { createInOrder } from './transport/in-order.ts';
import { createSignatureCheck } from './transport/signature.ts';
import { createSocketConnection, type SocketDispatcher } from './transport/socket-connection.ts';

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
  readonly fetch: typeof fetch;
  /** Routes Socket Mode through a proxy. Default: direct. */
  readonly socketDispatcher?: SocketDispatcher;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Slack itself redelivers what it could not deliver for less than this: https://docs.slack.dev/apis/events-api#retries */
const REDELIVERED_MS = 30_000;

/** How long the stop waits for Slack to remove signs on questions. */
const LAST_WORDS_MS = 3_000;

export interface SlackAdapter extends Adapter {
  /** Lines for the operator after the start: what more scopes would add. */
  readonly notes: readonly string[];
}

/** The Slack adapter, over Socket Mode or signed HTTP. */
export function createSlackAdapter(options: SlackAdapterOptions): SlackAdapter {
  const { botToken, transport, apiUrl, commands, limiters, fetch, clock, log } = options;
  const tasks = createTasks(log);
  const stopping = new AbortController();
  const { signal } = stopping;
  let isStarted = false;
  let isStopping = false;
  let parts: SurfaceParts | null = null;
  let readFile: ReturnType<typeof createFileReader> | null = null;
  const notes: string[] = [];
  const names = new Map<GuildId, string>();
  let missed: Missed | null = null;
  let tellAdmins: ReturnType<typeof createTellAdmins> | null = null;
  const boltLogger = createBoltLogger(log, () => isStopping);

  const http =
    transport.mode === 'http'
      ? createHttpReceiver({
          signatures: createSignatureCheck(transport.signingSecret, clock),
          tasks,
          log,
          isOpen: () => isStarted && !isStopping,
          clock,
        })
      : null;
  const socket =
    transport.mode === 'socket'
      ? createSocketConnection({
          appToken: transport.appToken,
          apiUrl,
          boltLogger,
          fetch,
          ...(options.socketDispatcher && { dispatcher: options.socketDispatcher }),
          clock,
          log,
          onBack(awayMs) {
            if (awayMs > REDELIVERED_MS) missed?.connected();
          },
        })
      : null;

  return {
    platform: 'slack',
    routes: http === null ? [] : [http.route],

    async start(dispatch: Dispatch) {
      const api = createWebApi({ token: botToken, apiUrl, fetch });
      const identity = await identify(api, apiUrl, signal);
      const workspace = createWorkspace(identity, api, limiters, clock);
      workspace.quirks.takesFileInputs = identity.mayReadFiles;
      tellAdmins = createTellAdmins(workspace, clock);
      readFile = createFileReader({ workspace, botToken, apiUrl, fetch });
      notes.push(...identity.notes);
      if (identity.teamName !== '') names.set(guildOf(identity.team), identity.teamName);
      const channels = createChannels(workspace, clock, log, signal);
      parts = {
        workspace,
        agentView: createAgentView(workspace, clock, log),
        slots: createStreamQuota(workspace, clock),
        postingRules: createPostingRules(workspace, channels),
        tasks,
        clock,
        log,
        signal,
      };
      const receiver = http ?? socket?.receiver;
      if (receiver === undefined) throw new TypeError('there is no transport');
      const slack: SlackContext = {
        ...parts,
        dispatch,
        commands: commands.map((command) => inWordsOf('slack', command)),
        directory: createDirectory(workspace, channels, clock, log, signal),
        membership: createMembership(channels, clock),
        twins: createTwins(),
        inOrder: createInOrder(),
        responseUrl: (url) => createResponseUrl(url, apiUrl, fetch),
      };
      const app = new App({
        receiver: claimsFirst(receiver, slack),
        authorize: async () => ({ botToken, botId: identity.botId, botUserId: identity.botUser }),
        convoStore: false,
        logger: boltLogger,
      });
      listen(app, slack);
      missed = createMissed(slack, () => socket?.isOpen ?? true);
      await socket?.open().catch((error: unknown) => {
        throw error instanceof StartError ? error : socketFault(error, apiUrl);
      });
      isStarted = true;
      missed.connected();
      log.info({ team: identity.team, bot: identity.botName, mode: transport.mode }, 'connected to Slack');
    },

    ready: () => isStarted && !isStopping && (socket?.isOpen ?? true),

    notes,
    guildNames: () => names,
    async readFile(reference, maxBytes, until) {
      if (readFile === null) throw new Error('files can only be read after the start');
      return readFile(reference, maxBytes, until);
    },
    tellAdmins: async (guild, notice, until) => (await tellAdmins?.(guild, notice, until)) ?? false,

    tellPerson: async (user, notice, until) =>
      parts !== null && tellPerson(parts.workspace, user, notice, until),

    async reopen(lost, until) {
      if (parts === null) throw new Error('places can only be reopened after the start');
      return reopen(parts, lost, until);
    },

    async changeButtons(ended, buttons, until) {
      return parts !== null && (await changeButtons(parts, ended, buttons, until));
    },

    async stop() {
      isStopping = true;
      await missed?.stop();
      await waitAtMost(clock, LAST_WORDS_MS, tasks.settled());
      if (isStarted) await socket?.close();
      stopping.abort();
      await tasks.settled();
    },
  };
}
