import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { formatUsd } from '../../../core/kit/money.ts';
import type { Clock } from '../../../core/kit/time/clock.ts';
import type { Actor } from '../../../core/ports/actor.ts';
import type { Place } from '../../../core/ports/events.ts';
import { TIERS } from '../../../core/ports/tiers.ts';
import type { Login } from '../../../http/login.ts';
import { Refused, readBytes, readJson, sendJson } from '../../../http/requests.ts';
import {
  type Admission,
  commandSchema,
  messageSchema,
  pressSchema,
  removeSchema,
  renameSchema,
  type Status,
  type Suggestion,
  uploadSchema,
} from '../wire.ts';
import { postMessage, removeMessage, renameThread, runCommand } from './actions.ts';
import type { WebContext } from './context.ts';
import { streamEvents } from './events.ts';
import { actorOf, placeOf } from './people.ts';
import { press, pressForm } from './press.ts';
import { isVisible, personNamed, reachable } from './reach.ts';
import type { Room } from './room.ts';
import { roomInfo } from './room-info.ts';

/** Handles one request to the page's API. */
export type Endpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => Promise<void>;

export interface ApiOptions {
  readonly clock: Clock;
  /** The largest file that a person can attach, in bytes. */
  readonly maxFileBytes: number;
  /** Asks for `ADMIN_TOKEN`; undefined if none is needed. */
  readonly login: Login | undefined;
  /** Ends the event streams. */
  readonly signal: AbortSignal;
}

/** The API by method and path. `wire.ts` has the types of requests and responses. */
export function createApi(context: WebContext, options: ApiOptions): ReadonlyMap<string, Endpoint> {
  const { room, host, dispatch } = context;
  const { clock, maxFileBytes, login, signal } = options;
  const info = roomInfo(host.commands, { maxFileBytes, isOpen: login === undefined });
  const epoch = randomBytes(6).toString('hex');

  function accept<T>(schema: z.ZodType<T>, act: (context: WebContext, post: T) => Promise<void>): Endpoint {
    return async (request, response) => {
      await act(context, await readJson(request, schema));
      sendJson(response, 202, {});
    };
  }

  const endpoints: Readonly<Record<string, Endpoint>> = {
    'GET room': answer(async () => info),
    'GET status': answer(async (query): Promise<Status> => {
      const { actor, place } = askedAt(room, query);
      const { spentNanoUsd, ...shown } = await host.status(place, actor);
      return { ...shown, spent: spentNanoUsd === 0 ? '$0' : formatUsd(spentNanoUsd) };
    }),
    'GET suggest': answer(async (query): Promise<readonly Suggestion[]> => {
      const { command = '', option = '', text = '' } = Object.fromEntries(query);
      return await dispatch.suggest({ command, option, text, ...askedAt(room, query) });
    }),
    'GET admit': answer(async (query): Promise<Admission> => {
      const { command = '' } = Object.fromEntries(query);
      const refusal = await dispatch.refusalOfCommand({ command, ...askedAt(room, query) });
      return { ok: refusal === null };
    }),
    'GET press-form': answer(async (query) => {
      const { as = '', message = '', button = '' } = Object.fromEntries(query);
      return await pressForm(context, { as, message, button });
    }),
    async 'GET events'(request, response, query) {
      const header = request.headers['last-event-id'];
      const lastEventId = typeof header === 'string' ? header : query.get('after');
      const reader = personNamed(query.get('as') ?? '').id;
      const isOpen = () => login?.hasSession(request) ?? true;
      const stream = { changes: room.changes, epoch, reader, lastEventId, clock, isOpen };
      await streamEvents(response, stream, signal);
    },
    'GET file': (_request, response, query) => sendFile(context, response, query),
    async 'POST upload'(request, response, query) {
      const parsed = uploadSchema.safeParse(Object.fromEntries(query));
      if (!parsed.success) throw new Refused(400, 'The file has no name, or its name is too long.');
      const { id, as, name, type: mediaType } = parsed.data;
      const user = personNamed(as).id;
      const bytes = await readBytes(request, maxFileBytes);
      await context.uploads.save(id, { name, mediaType, user, bytes });
      sendJson(response, 202, {});
    },
    'POST message': accept(messageSchema, postMessage),
    'POST command': accept(commandSchema, runCommand),
    'POST press': accept(pressSchema, press),
    'POST remove': accept(removeSchema, removeMessage),
    'POST rename': accept(renameSchema, renameThread),
    'POST tier': accept(z.object({ tier: z.enum(TIERS) }), async (_context, { tier }) => {
      await host.setTier(tier);
      room.touchStatus();
    }),
  };
  return new Map(Object.entries(endpoints));
}

function answer(valueFor: (query: URLSearchParams) => Promise<unknown>): Endpoint {
  return async (_request, response, query) => sendJson(response, 200, await valueFor(query));
}

/** The person and the place that a request names. @throws Refused if the person may not see the place */
function askedAt(room: Room, query: URLSearchParams): { readonly actor: Actor; readonly place: Place } {
  const { as = '', channel = '', thread = null } = Object.fromEntries(query);
  const person = personNamed(as);
  const spot = { channel, thread };
  reachable(room, spot, person);
  return { actor: actorOf(person), place: placeOf(spot) };
}

/** Sends a file of a message that the person may see, from the bot or from a person. */
async function sendFile(
  { room, uploads }: WebContext,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const { as = '', message: id = '', index } = Object.fromEntries(query);
  const message = room.find(id);
  const file = isVisible(message, personNamed(as)) ? message.files[Number(index)] : undefined;
  const bytes =
    file && 'id' in file
      ? await uploads.read(file.id).catch(() => undefined)
      : file && Buffer.from(file.base64, 'base64');
  if (file === undefined || bytes === undefined) throw new Refused(404, 'There is no such file.');
  // A picture may contain scripts (SVG), so it must not run as a page when opened by itself. Other files are only saved.
  const disposition = file.mediaType.startsWith('image/') ? 'inline' : 'attachment';
  response.writeHead(200, {
    'content-type': file.mediaType,
    'content-disposition': `${disposition}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'cache-control': 'private, max-age=3600',
  });
  response.end(bytes);
}
