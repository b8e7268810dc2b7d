import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import { formatUsd } from '../../../core/kit/money.ts';
import type { Actor } from '../../../core/ports/actor.ts';
import { BUTTON_KINDS, buttonRow } from '../../../core/ports/buttons.ts';
import { isAskedInForm, typedOptions } from '../../../core/ports/command.ts';
import type { Dispatch, Place } from '../../../core/ports/events.ts';
import { TIERS } from '../../../core/ports/tiers.ts';
import type { Login } from '../../../http/login.ts';
import { Refused, readBytes, readJson, sendJson } from '../../../http/requests.ts';
import type { Admission, RoomInfo, Status, Suggestion } from '../wire.ts';
import type { Actions } from './actions.ts';
import { streamEvents } from './events.ts';
import type { PlaygroundHost } from './host.ts';
import type { StoredMessage } from './messages.ts';
import { optionInfo } from './option-info.ts';
import { actorOf, CHANNELS, PEOPLE, placeOf } from './people.ts';
import { personNamed, reachable } from './reach.ts';
import {
  MAX_FILES,
  MAX_MESSAGE_CHARS,
  postCommandSchema,
  postMessageSchema,
  postPressSchema,
  postRemoveSchema,
  postRenameSchema,
  tierSchema,
  uploadSchema,
} from './requests.ts';
import type { Room } from './room.ts';
import type { Uploads } from './uploads.ts';

/** Handles one request to the page's API. */
export type Endpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => Promise<void>;

export interface ApiOptions {
  readonly room: Room;
  readonly actions: Actions;
  readonly dispatch: Dispatch;
  readonly uploads: Uploads;
  readonly host: PlaygroundHost;
  readonly clock: Clock;
  /** The largest file that a person can attach, in bytes. */
  readonly maxFileBytes: number;
  /** Asks for `ADMIN_TOKEN`; undefined if none is needed. */
  readonly login: Login | undefined;
  /** Ends the event streams. */
  readonly signal: AbortSignal;
}

/** The API by method and path. `wire.ts` has the types of requests and responses. */
export function createApi(options: ApiOptions): ReadonlyMap<string, Endpoint> {
  const { room, actions, dispatch, uploads, host, clock, maxFileBytes, login, signal } = options;
  const info = roomInfo(options);
  const epoch = randomBytes(6).toString('hex');

  /** The person and the spot that a request names. @throws Refused if the person may not see the spot */
  function askedAt(query: URLSearchParams): { readonly actor: Actor; readonly place: Place } {
    const { as = '', channel = '', thread = null } = Object.fromEntries(query);
    const person = personNamed(as);
    const spot = { channel, thread };
    reachable(room, spot, person);
    return { actor: actorOf(person), place: placeOf(spot) };
  }

  /** A file that this person may see, from the bot or from a person. */
  async function fileOf(message: StoredMessage | undefined, index: number, person: string) {
    if (message === undefined || (message.audience !== null && message.audience !== person)) return undefined;
    if (message.kind !== 'said') return message.files[index];
    const given = message.files[index];
    if (given === undefined) return undefined;
    const bytes = await uploads.read(given.id).catch(() => null);
    return bytes === null ? undefined : { ...given, base64: Buffer.from(bytes).toString('base64') };
  }

  const endpoints: Readonly<Record<string, Endpoint>> = {
    'GET room': answer(async () => info),
    'GET status': answer(async (query): Promise<Status> => {
      const { actor, place } = askedAt(query);
      const { spentNanoUsd, ...shown } = await host.status(place, actor);
      return { ...shown, spent: spentNanoUsd === 0 ? '$0' : formatUsd(spentNanoUsd) };
    }),
    'GET suggest': answer(async (query): Promise<readonly Suggestion[]> => {
      const { command = '', option = '', text = '' } = Object.fromEntries(query);
      return await dispatch.suggest({ command, option, text, ...askedAt(query) });
    }),
    'GET admit': answer(async (query): Promise<Admission> => {
      const { command = '' } = Object.fromEntries(query);
      const { ok } = await dispatch.mayRun({ command, ...askedAt(query) });
      return { ok };
    }),
    'GET press-form': answer(async (query) => {
      const { as = '', message = '', button = '' } = Object.fromEntries(query);
      return await actions.pressForm({ as, message, button });
    }),
    async 'GET events'(request, response, query) {
      const header = request.headers['last-event-id'];
      const lastEventId = typeof header === 'string' ? header : query.get('after');
      const reader = personNamed(query.get('as') ?? '').id;
      const isOpen = () => login?.hasSession(request) ?? true;
      const stream = { changes: room.changes, epoch, reader, lastEventId, clock, isOpen };
      await streamEvents(response, stream, signal);
    },
    async 'GET file'(_request, response, query) {
      const { as = '', message = '', index } = Object.fromEntries(query);
      const file = await fileOf(room.find(message), Number(index), personNamed(as).id);
      if (file === undefined) throw new Refused(404, 'There is no such file.');
      // A picture may contain scripts (SVG), so it must not run as a page when opened by itself. Other files are only
      // saved.
      const isPicture = file.mediaType.startsWith('image/');
      response.writeHead(200, {
        'content-type': file.mediaType,
        'content-disposition': `${isPicture ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
        'content-security-policy': "sandbox; default-src 'none'",
        'cache-control': 'private, max-age=3600',
      });
      response.end(Buffer.from(file.base64, 'base64'));
    },
    async 'POST upload'(request, response, query) {
      const parsed = uploadSchema.safeParse(Object.fromEntries(query));
      if (!parsed.success) throw new Refused(400, 'The file has no name, or its name is too long.');
      const { id, as, name, type: mediaType } = parsed.data;
      const user = personNamed(as).id;
      const bytes = await readBytes(request, maxFileBytes);
      await uploads.save({ id, name, mediaType, user, bytes });
      sendJson(response, 202, {});
    },
    'POST message': accept(postMessageSchema, actions.message),
    'POST command': accept(postCommandSchema, actions.command),
    'POST press': accept(postPressSchema, actions.press),
    'POST remove': accept(postRemoveSchema, actions.remove),
    'POST rename': accept(postRenameSchema, actions.rename),
    'POST tier': accept(tierSchema, async ({ tier }) => {
      await host.setTier(tier);
      room.touchStatus();
    }),
  };
  return new Map(Object.entries(endpoints));
}

function answer(valueFor: (query: URLSearchParams) => Promise<unknown>): Endpoint {
  return async (_request, response, query) => sendJson(response, 200, await valueFor(query));
}

function accept<T>(schema: z.ZodType<T>, act: (post: T) => Promise<void>): Endpoint {
  return async (request, response) => {
    await act(await readJson(request, schema));
    sendJson(response, 202, {});
  };
}

function roomInfo({ host, maxFileBytes, login }: ApiOptions): RoomInfo {
  return {
    isOpen: login === undefined,
    people: PEOPLE,
    channels: CHANNELS,
    commands: host.commands.map((command) => {
      const { name, description, role } = command;
      const options = typedOptions(command).map(([key, option]) => optionInfo(key, option));
      const asked = isAskedInForm(command) ? { options: [], form: options } : { options, form: null };
      return { name, description, role, ...asked };
    }),
    buttons: Object.fromEntries(
      BUTTON_KINDS.map((kind) => {
        const { label, title = label, style, form } = buttonRow(kind);
        return [kind, { label, title, isPrimary: style === 'primary', hasForm: form !== undefined }];
      }),
    ),
    tiers: TIERS,
    maxMessageChars: MAX_MESSAGE_CHARS,
    maxFiles: MAX_FILES,
    maxFileBytes,
  };
}
