import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayIntentBits, GatewayOpcodes } from 'discord.js';
import { type WebSocket, WebSocketServer } from 'ws';
import type { GatewayEvent } from './events.ts';
import { applicationFlags, guildJson, userJson } from './wire.ts';
import type { World } from './world.ts';

interface Dispatch {
  readonly s: number;
  readonly t: string;
  readonly d: object;
}

interface Session {
  readonly id: string;
  readonly intents: number;
  readonly shard: readonly [id: number, count: number];
  /** The newest events, for a resume. */
  sent: Dispatch[];
  /** The number of the newest event. */
  sequence: number;
  socket: WebSocket | null;
}

export interface Gateway {
  /** Whether a session is connected. */
  readonly connected: boolean;
  /** The sessions that identified, oldest first. */
  readonly identified: readonly { readonly intents: number; readonly shard: readonly [number, number] }[];
  readonly resumes: number;
  /** Delivers an event to every session that is to have it, now or when it resumes. */
  deliver(event: GatewayEvent): void;
  /** Cuts every connection: without a close frame, or with a close code. Sessions can be resumed. */
  drop(code?: number): void;
  /** Tells every session to reconnect (op 7), as Discord does before it restarts a node. */
  askToReconnect(): void;
  /** Forgets every session (op 9): what happens until the next identify is never delivered. */
  invalidate(): void;
  /** Sends the newest events once more, under their old sequence numbers. */
  replay(count: number): void;
  /** Holds events back until `release`. */
  hold(): void;
  release(): void;
  /** Answers the next identifies with a close code instead of READY. */
  refuse(code: number, times?: number): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

const CLOSE = {
  decodeError: 4002,
  authenticationFailed: 4004,
  alreadyAuthenticated: 4005,
  rateLimited: 4008,
  invalidShard: 4010,
  disallowedIntents: 4014,
};
/** https://discord.com/developers/docs/events/gateway#rate-limiting */
const SENDS_PER_MINUTE = 120;
/** More than any outage of a test misses. */
const REPLAYED_EVENTS = 1_000;

export function createGateway(
  world: World,
  options: {
    url: () => string;
    heartbeatIntervalMs: number;
    violate: (text: string) => void;
    changed: () => void;
  },
): Gateway {
  const server = new WebSocketServer({ noServer: true });
  const sessions = new Map<string, Session>();
  const identified: { intents: number; shard: readonly [number, number] }[] = [];
  const held: GatewayEvent[] = [];
  let resumes = 0;
  let holding = false;
  let refusals: number[] = [];

  function send(socket: WebSocket, payload: object): void {
    socket.send(JSON.stringify(payload));
  }

  function dispatch(session: Session, t: string, d: object): void {
    const entry = { s: ++session.sequence, t, d };
    session.sent.push(entry);
    if (session.sent.length > 2 * REPLAYED_EVENTS) session.sent = session.sent.slice(-REPLAYED_EVENTS);
    if (session.socket) send(session.socket, { op: GatewayOpcodes.Dispatch, ...entry });
  }

  function isFor(session: Session, guildId: string | null): boolean {
    const [id, count] = session.shard;
    return guildId === null ? id === 0 : Number((BigInt(guildId) >> 22n) % BigInt(count)) === id;
  }

  function deliver(event: GatewayEvent): void {
    if (holding) {
      held.push(event);
      return;
    }
    for (const session of sessions.values()) {
      if ((session.intents & event.intents) !== event.intents || !isFor(session, event.guildId)) continue;
      // An event holds the state of that moment, not the later one.
      dispatch(session, event.t, structuredClone(event.data(session.intents)));
    }
  }

  function identify(socket: WebSocket, d: Record<string, unknown>): Session | null {
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      socket.close(refusal);
      return null;
    }
    if (d['token'] !== world.application.token) {
      socket.close(CLOSE.authenticationFailed, 'Authentication failed.');
      return null;
    }
    const intents = Number(d['intents']);
    const privileged =
      GatewayIntentBits.GuildMembers |
      GatewayIntentBits.GuildPresences |
      (world.application.privilegedIntents.messageContent ? 0 : GatewayIntentBits.MessageContent);
    if (intents & privileged) {
      socket.close(CLOSE.disallowedIntents, 'Disallowed intent(s).');
      return null;
    }
    const shard = (d['shard'] ?? [0, 1]) as [number, number];
    if (!(shard[0] >= 0 && shard[0] < shard[1])) {
      socket.close(CLOSE.invalidShard, 'Invalid shard.');
      return null;
    }
    const session: Session = { id: world.nextId(), intents, shard, sent: [], sequence: 0, socket };
    sessions.set(session.id, session);
    identified.push({ intents, shard });
    const guilds = [...world.guilds.values()].filter(
      (guild) => guild.members.has(world.application.bot.id) && isFor(session, guild.id),
    );
    dispatch(session, 'READY', {
      v: 10,
      user: userJson(world.application.bot),
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      session_type: 'normal',
      resume_gateway_url: options.url(),
      shard,
      application: { id: world.application.id, flags: applicationFlags(world) },
    });
    for (const guild of guilds) dispatch(session, 'GUILD_CREATE', structuredClone(guildJson(world, guild)));
    return session;
  }

  function resume(socket: WebSocket, d: Record<string, unknown>): Session | null {
    const session = sessions.get(String(d['session_id']));
    if (!session || d['token'] !== world.application.token) {
      send(socket, { op: GatewayOpcodes.InvalidSession, d: false });
      return null;
    }
    resumes++;
    session.socket?.terminate();
    session.socket = socket;
    for (const entry of session.sent.filter(({ s }) => s > Number(d['seq']))) {
      send(socket, { op: GatewayOpcodes.Dispatch, ...entry });
    }
    dispatch(session, 'RESUMED', {});
    return session;
  }

  server.on('connection', (socket: WebSocket) => {
    let session: Session | null = null;
    let sends = { count: 0, untilMs: world.clock.now() + 60_000 };
    send(socket, { op: GatewayOpcodes.Hello, d: { heartbeat_interval: options.heartbeatIntervalMs } });

    socket.on('message', (raw: Buffer) => {
      if (world.clock.now() >= sends.untilMs) sends = { count: 0, untilMs: world.clock.now() + 60_000 };
      if (++sends.count > SENDS_PER_MINUTE) {
        options.violate('gateway: more than 120 sends in 60 s');
        socket.close(CLOSE.rateLimited, 'You are being rate limited.');
        return;
      }
      const { op, d } = JSON.parse(raw.toString()) as { op: number; d: Record<string, unknown> };
      switch (op) {
        case GatewayOpcodes.Heartbeat:
          send(socket, { op: GatewayOpcodes.HeartbeatAck });
          break;
        case GatewayOpcodes.Identify: {
          if (session) {
            options.violate('gateway: identified twice on one connection');
            socket.close(CLOSE.alreadyAuthenticated);
            return;
          }
          session = identify(socket, d);
          break;
        }
        case GatewayOpcodes.Resume:
          session = resume(socket, d);
          break;
        default:
          break;
      }
      options.changed();
    });
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = null;
      options.changed();
    });
    socket.on('error', () => undefined);
  });

  const sockets = () => [...sessions.values()].flatMap((session) => session.socket ?? []);

  return {
    get connected() {
      return sockets().length > 0;
    },
    identified,
    get resumes() {
      return resumes;
    },
    deliver,
    drop(code) {
      for (const socket of sockets()) {
        if (code === undefined) socket.terminate();
        else socket.close(code);
      }
    },
    askToReconnect() {
      for (const socket of sockets()) send(socket, { op: GatewayOpcodes.Reconnect, d: null });
    },
    invalidate() {
      const open = sockets();
      sessions.clear();
      for (const socket of open) send(socket, { op: GatewayOpcodes.InvalidSession, d: false });
    },
    replay(count) {
      for (const session of sessions.values()) {
        for (const entry of session.sent.slice(-count)) {
          if (session.socket) send(session.socket, { op: GatewayOpcodes.Dispatch, ...entry });
        }
      }
    },
    hold() {
      holding = true;
    },
    release() {
      holding = false;
      for (const event of held.splice(0)) deliver(event);
    },
    refuse(code, times = 1) {
      refusals = [...refusals, ...Array<number>(times).fill(code)];
    },
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (accepted) => server.emit('connection', accepted, request));
    },
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
