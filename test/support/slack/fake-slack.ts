import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../../src/core/kit/time/clock.ts';
import { ApiError } from './api-error.ts';
import { type App, type Features, grantsOf } from './app.ts';
import { createDelivery } from './delivery.ts';
import { ACK_DEADLINE_MS, type Envelope, type Transport } from './envelope.ts';
import { createFaults, type Faults } from './faults.ts';
import { createHttpDelivery } from './http-delivery.ts';
import { asString, type Json } from './json.ts';
import { type CausedPing, FILES_PATH, type MethodContext } from './method.ts';
import { type AgentSessions, createAgentMethods } from './methods/agents.ts';
import { basicMethods } from './methods/basics.ts';
import { chatMethods } from './methods/chat.ts';
import { conversationMethods } from './methods/conversations.ts';
import { fileMethods, UPLOAD_PATH } from './methods/files.ts';
import { streamMethods } from './methods/streams.ts';
import { createViewMethods, type OpenModals } from './methods/views.ts';
import { createPerson, type Person } from './person.ts';
import { type SeenMessage, see } from './reading.ts';
import { createResponseUrls, RESPONSE_PATH } from './response-urls.ts';
import { createSocketMode, type SocketMode } from './socket-mode.ts';
import { createRateLimits } from './tiers.ts';
import { createTriggers } from './triggers.ts';
import type { Violation } from './violations.ts';
import { type ApiRequest, createWebApi, readBody, sendJson } from './web-api.ts';
import { type ChannelKind, type SlackMessage, type SlackUser, Workspace } from './workspace.ts';

export interface FakeSlackOptions {
  readonly clock?: Clock;
  /**
   * Counts the three seconds for an acknowledgement, and the time until a retry. `clock` by default; real time where
   * that one runs fast, as its three seconds are too short for a busy machine.
   */
  readonly deliveryClock?: Clock;
  /** How long Slack waits for an acknowledgement. 3 s by default, as Slack; more where programs start on a busy machine. */
  readonly acknowledgeWithinMs?: number;
  /** By which name it hands out the address of its sockets; 127.0.0.1 by default. */
  readonly socketHost?: string;
  /** How long a trigger serves. 3 s by default, as Slack's; more where programs start on a busy machine. */
  readonly triggersLiveMs?: number;
  /** The manifest that the app was created from; it grants scopes, events, commands and features. Without it the app may do all. */
  readonly manifest?: Json;
  /** Laid over what the manifest declares: what this workspace's plan offers. */
  readonly features?: Partial<Features>;
  /** Give back Markdown blocks as `rich_text`, as Slack's servers do. Default false. */
  readonly rendersMarkdown?: boolean;
  /** `false` lifts the rate limits. */
  readonly rateLimits?: boolean;
  /** Told of every message that is posted or changes. */
  readonly onMessage?: (message: SlackMessage) => void;
}

/** A Slack of the project's own on a loopback port. It enforces what Slack enforces, and remembers everything. */
export interface FakeSlack {
  /** For `SLACK_API_URL`. */
  readonly apiUrl: string;
  /** The variables by which Parley reaches it, through Socket Mode. */
  readonly environment: {
    readonly SLACK_BOT_TOKEN: string;
    readonly SLACK_APP_TOKEN: string;
    readonly SLACK_API_URL: string;
  };
  readonly app: App;
  readonly teamId: string;
  readonly faults: Faults;
  readonly socket: SocketMode;
  readonly requests: readonly ApiRequest[];
  /** All that the app did wrong. */
  readonly violations: readonly Violation[];
  /** All pings that the app's messages caused. */
  readonly pings: readonly CausedPing[];
  readonly sessions: AgentSessions;
  /** The messages that were sent to response URLs. */
  readonly responses: readonly Json[];
  user(name: string, options?: Partial<SlackUser>): Person;
  /** A user group with these people; gives its id. */
  userGroup(handle: string, people: readonly Person[]): string;
  /** A channel with these people; the bot is a member unless `bot` is false. */
  channel(
    name: string,
    members: readonly Person[],
    options?: { readonly bot?: boolean; readonly kind?: ChannelKind },
  ): string;
  /** The messages in a channel, or in a thread with its root, as everybody sees them. */
  messages(channel: string, thread?: string): SeenMessage[];
  message(channel: string, ts: string): SeenMessage | undefined;
  /** Somebody who may deletes a message of anybody's. */
  deleteMessage(message: { readonly channel: string; readonly ts: string }): void;
  /** Ends all streams that are live, as Slack does when it has had enough of them. */
  endStreams(): void;
  join(channel: string, person: Person): void;
  inviteBot(channel: string): void;
  removeBot(channel: string): void;
  archive(channel: string): void;
  /** From now on neither response URLs nor `chat.postEphemeral` take Markdown blocks. */
  refuseMarkdownWhispers(): void;
  /** From now on the bot's writes are refused there, with this error; null lifts it. The properties show in `conversations.info`. */
  restrict(channel: string, error: string | null, properties?: Json): void;
  /** From now on envelopes go to this request URL instead of Socket Mode. */
  useHttp(requestUrl: string): void;
  /** Sends an envelope as Slack would, retries included. For deliveries that no person's deed makes. */
  deliver(envelope: Envelope): ReturnType<Transport['send']>;
  /** An event as Slack wraps it. */
  wrap(event: Json): Envelope;
  /** How many deliveries have not come to an end, retries included. */
  readonly undelivered: number;
  close(): Promise<void>;
}

const ALL_SCOPES = [
  'app_mentions:read',
  'assistant:write',
  'chat:write',
  'commands',
  'channels:history',
  'channels:join',
  'channels:read',
  'files:read',
  'files:write',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'im:write',
  'mpim:history',
  'mpim:read',
  'reactions:read',
  'reactions:write',
  'usergroups:read',
  'users:read',
];

const ALL_EVENTS = [
  'agent_session_stopped',
  'app_home_opened',
  'app_mention',
  'member_joined_channel',
  'message.channels',
  'message.groups',
  'message.im',
  'message.mpim',
];

/** A set that holds everything. */
class Everything extends Set<string> {
  override has(): boolean {
    return true;
  }
}

const SUBSCRIPTION = {
  channel: 'message.channels',
  group: 'message.groups',
  im: 'message.im',
  mpim: 'message.mpim',
} as const satisfies Record<ChannelKind, string>;

export async function createFakeSlack(options: FakeSlackOptions = {}): Promise<FakeSlack> {
  const clock = options.clock ?? systemClock;
  const deliveryClock = options.deliveryClock ?? clock;
  const workspace = new Workspace('T0PARLEY', clock, options.onMessage);
  const granted = options.manifest === undefined ? everything() : grantsOf(options.manifest);
  const app: App = {
    botUserId: 'U0PARLEY',
    botId: 'B0PARLEY',
    botToken: 'xoxb-fake-bot-token',
    appToken: 'xapp-fake-app-token',
    signingSecret: 'fake-signing-secret',
    ...granted,
    features: { ...granted.features, ...options.features },
  };
  workspace.users.set(app.botUserId, bot(app.botUserId, workspace.teamId));

  const violations: Violation[] = [];
  const report = (violation: Violation) => void violations.push(violation);
  const requests: ApiRequest[] = [];
  const faults = createFaults();
  const modals: OpenModals = new Map();
  const sessions: AgentSessions = { statuses: new Map(), titles: new Map(), prompts: new Map() };
  const triggers = createTriggers(() => clock.now(), options.triggersLiveMs ?? 3_000);

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      report({ kind: 'limit-broken', detail: `the fake failed: ${String(error)}` });
      if (!response.headersSent) sendJson(response, 500, { ok: false, error: 'fatal_error' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

  const acknowledgeWithinMs = options.acknowledgeWithinMs ?? ACK_DEADLINE_MS;
  const socket = createSocketMode(
    server,
    deliveryClock,
    report,
    acknowledgeWithinMs,
    options.socketHost ?? '127.0.0.1',
  );
  let transport: Transport = socket;
  const delivery = createDelivery(() => transport, deliveryClock);

  const wrap = (event: Json): Envelope => ({
    type: 'events_api',
    payload: {
      token: 'verification-token',
      team_id: workspace.teamId,
      api_app_id: 'A0PARLEY',
      event,
      type: 'event_callback',
      event_id: workspace.nextId('Ev'),
      event_time: Math.floor(clock.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: workspace.teamId,
          user_id: app.botUserId,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
    },
  });

  const context: MethodContext = {
    workspace,
    app,
    clock,
    origin,
    pings: [],
    rendersMarkdown: options.rendersMarkdown ?? false,
    report,
    emit(event) {
      if (subscribes(event)) void delivery.deliver(wrap(event));
    },
    useTrigger(id) {
      const used = triggers.use(id);
      if ('error' in used) throw new ApiError(used.error);
      return used.user;
    },
    socketTicket: () => socket.ticket(),
  };
  const responseUrls = createResponseUrls(context, clock);
  const webApi = createWebApi({
    methods: {
      ...basicMethods,
      ...chatMethods,
      ...streamMethods,
      ...conversationMethods,
      ...fileMethods,
      ...createViewMethods(modals),
      ...createAgentMethods(sessions),
    },
    context,
    limits: options.rateLimits === false ? null : createRateLimits(clock),
    faults,
    requests,
  });

  /** Whether the app gets an event: it subscribes to it, and is where it happens. */
  function subscribes(event: Json): boolean {
    const type = asString(event['type']);
    const channel = workspace.channels.get(asString(event['channel']));
    if (type !== 'message' && type !== 'app_mention') return app.events.has(type);
    if (channel === undefined || !channel.members.has(app.botUserId)) return false;
    return app.events.has(type === 'message' ? SUBSCRIPTION[channel.kind] : type);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', origin);
    if (pathname.startsWith('/api/')) return webApi(pathname.slice('/api/'.length), request, response);
    if (pathname.startsWith(RESPONSE_PATH)) return responseUrls.handle(pathname, request, response);
    if (pathname.startsWith(FILES_PATH)) return sendFile(pathname, request, response);
    if (pathname.startsWith(UPLOAD_PATH)) return receiveUpload(pathname, request, response);
    response.writeHead(404).end();
  }

  /** Without a token that may read files there is a redirect to the page where people log in. */
  function sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
    const isAllowed =
      request.headers.authorization === `Bearer ${app.botToken}` && app.scopes.has('files:read');
    if (!isAllowed) return void response.writeHead(302, { location: `${origin}/?redir=${path}` }).end();
    const file = workspace.files.get(path.slice(FILES_PATH.length).split('/')[0]?.split('-')[1] ?? '');
    if (file === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.mediaType, 'content-length': file.bytes.length });
    response.end(file.bytes);
  }

  async function receiveUpload(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const file = workspace.files.get(path.slice(UPLOAD_PATH.length));
    if (file === undefined) return void response.writeHead(404).end();
    const body = new Uint8Array(await readBody(request));
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('multipart/form-data')) file.bytes = body;
    else {
      const form = await new Response(body, { headers: { 'content-type': type } }).formData();
      const part = [...form.values()][0];
      file.bytes =
        part instanceof Blob
          ? new Uint8Array(await part.arrayBuffer())
          : new TextEncoder().encode(part ?? '');
    }
    response.writeHead(200).end(`OK - ${file.bytes.length}`);
  }

  return {
    apiUrl: `${origin}/api/`,
    environment: {
      SLACK_BOT_TOKEN: app.botToken,
      SLACK_APP_TOKEN: app.appToken,
      SLACK_API_URL: `${origin}/api/`,
    },
    app,
    teamId: workspace.teamId,
    faults,
    socket,
    requests,
    violations,
    pings: context.pings,
    sessions,
    responses: responseUrls.posts,
    user(name, overrides = {}) {
      const id = overrides.id ?? workspace.nextId('U');
      workspace.users.set(id, { ...person(id, name, workspace.teamId), ...overrides });
      return createPerson(id, { context, delivery, triggers, responseUrls, modals });
    },
    userGroup(handle, people) {
      const id = workspace.nextId('S');
      workspace.userGroups.set(id, { id, handle, users: new Set(people.map((each) => each.id)) });
      return id;
    },
    channel(name, members, { bot: withBot = true, kind = 'channel' } = {}) {
      const id = workspace.nextId(kind === 'im' ? 'D' : 'C');
      const ids = [...members.map((member) => member.id), ...(withBot ? [app.botUserId] : [])];
      workspace.channels.set(id, { id, name, kind, members: new Set(ids), archived: false });
      return id;
    },
    messages: (channel, thread) => workspace.list(channel, thread).map((message) => see(message, workspace)),
    message(channel, ts) {
      const found = workspace.find(channel, ts);
      return found === undefined ? undefined : see(found, workspace);
    },
    deleteMessage({ channel, ts }) {
      const found = workspace.find(channel, ts);
      if (found !== undefined) found.deleted = true;
    },
    endStreams: () => workspace.endStreams(),
    join: (channel, person) => void workspace.channels.get(channel)?.members.add(person.id),
    inviteBot(channel) {
      workspace.channels.get(channel)?.members.add(app.botUserId);
      const event = { type: 'member_joined_channel', user: app.botUserId, channel, team: workspace.teamId };
      context.emit({ ...event, event_ts: (clock.now() / 1_000).toFixed(6) });
    },
    removeBot: (channel) => void workspace.channels.get(channel)?.members.delete(app.botUserId),
    refuseMarkdownWhispers() {
      responseUrls.refuseMarkdown();
      faults.add({
        method: 'chat.postEphemeral',
        how: { kind: 'error', error: 'invalid_blocks' },
        times: 1_000,
        matches: (args) => JSON.stringify(args['blocks']).includes('"markdown"'),
      });
    },
    restrict(id, error, properties = {}) {
      const channel = workspace.channels.get(id);
      if (channel === undefined) return;
      if (error === null) delete channel.restriction;
      else channel.restriction = { error, properties };
    },
    archive(id) {
      const channel = workspace.channels.get(id);
      if (channel !== undefined) channel.archived = true;
    },
    useHttp(requestUrl) {
      transport = createHttpDelivery({
        requestUrl,
        signingSecret: app.signingSecret,
        clock,
        deliveryClock,
        report,
        acknowledgeWithinMs,
      });
    },
    deliver: (envelope) => delivery.deliver(envelope),
    wrap,
    get undelivered() {
      return delivery.pending;
    },
    async close() {
      await delivery.close();
      await socket.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function everything(): Pick<App, 'scopes' | 'events' | 'commands' | 'escaped' | 'shortcuts' | 'features'> {
  return {
    scopes: new Set(ALL_SCOPES),
    escaped: new Set(),
    events: new Set(ALL_EVENTS),
    commands: new Everything(),
    shortcuts: new Everything(),
    features: { agentView: false, streaming: true, homeTab: true, messagesTab: true },
  };
}

function person(id: string, name: string, teamId: string): SlackUser {
  return { id, name, teamId, isAdmin: false, isOwner: false, isBot: false, isGuest: false, deleted: false };
}

function bot(id: string, teamId: string): SlackUser {
  return { ...person(id, 'Parley', teamId), isBot: true };
}
