import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Clock } from '../../../core/kit/clock.ts';
import { formatUsd } from '../../../core/kit/money.ts';
import { BUTTON_KINDS, buttonRow } from '../../../core/ports/buttons.ts';
import { isAskedInForm, typedOptions } from '../../../core/ports/command.ts';
import type { Dispatch } from '../../../core/ports/events.ts';
import { isTier, TIERS } from '../../../core/ports/tiers.ts';
import { Refused, readBytes, readJson, sendJson } from '../../../http/requests.ts';
import type { Admission, RoomInfo, Spot, Status, Suggestion } from '../wire.ts';
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
  readonly maxFileBytes: number;
  readonly host: PlaygroundHost;
  readonly clock: Clock;
  readonly epoch: string;
  /** Whether a request may be served: it has a session, or none is needed. */
  readonly isOpen: (request: IncomingMessage) => boolean;
  readonly asksForToken: boolean;
  /** Ends the event streams. */
  readonly signal: AbortSignal;
}

/** The API by method and path. `wire.ts` has the types of requests and responses. */
export function createApi(options: ApiOptions): ReadonlyMap<string, Endpoint> {
  const { room, actions, dispatch, uploads, host, clock, epoch, signal } = options;
  const info = roomInfo(host, options);

  /** A file that this person may see, from the bot or from a person. */
  async function fileOf(message: StoredMessage | undefined, index: number, person: string) {
    if (message === undefined || (message.audience !== null && message.audience !== person)) return undefined;
    if (message.kind !== 'said') return message.files[index];
    const given = message.files[index];
    if (given === undefined) return undefined;
    const bytes = await uploads.read(given.id).catch(() => null);
    return bytes === null ? undefined : { ...given, base64: Buffer.from(bytes).toString('base64') };
  }

  return new Map<string, Endpoint>([
    ['GET room', async (_request, response) => sendJson(response, 200, info)],
    [
      'GET events',
      async (request, response, query) => {
        const header = request.headers['last-event-id'];
        const lastEventId = typeof header === 'string' ? header : query.get('after');
        const reader = personNamed(query.get('as') ?? '').id;
        const isOpen = () => options.isOpen(request);
        const stream = { changes: room.changes, epoch, reader, lastEventId, clock, isOpen };
        await streamEvents(response, stream, signal);
      },
    ],
    [
      'GET status',
      async (_request, response, query) => {
        const person = personNamed(query.get('as') ?? '');
        const spot = spotOf(query);
        reachable(room, spot, person);
        const { spentNanoUsd, ...shown } = await host.status(placeOf(spot), actorOf(person));
        const status: Status = { ...shown, spent: spentNanoUsd === 0 ? '$0' : formatUsd(spentNanoUsd) };
        sendJson(response, 200, status);
      },
    ],
    [
      'GET suggest',
      async (_request, response, query) => {
        const person = personNamed(query.get('as') ?? '');
        const spot = spotOf(query);
        reachable(room, spot, person);
        const suggestions: readonly Suggestion[] = await dispatch.suggest({
          command: query.get('command') ?? '',
          option: query.get('option') ?? '',
          text: query.get('text') ?? '',
          actor: actorOf(person),
          place: placeOf(spot),
        });
        sendJson(response, 200, suggestions);
      },
    ],
    [
      'GET admit',
      async (_request, response, query) => {
        const person = personNamed(query.get('as') ?? '');
        const spot = spotOf(query);
        reachable(room, spot, person);
        const admission = await dispatch.mayRun({
          command: query.get('command') ?? '',
          actor: actorOf(person),
          place: placeOf(spot),
        });
        const shown: Admission = { ok: admission.ok };
        sendJson(response, 200, shown);
      },
    ],
    [
      'GET press-form',
      async (_request, response, query) => {
        const named = (name: string) => query.get(name) ?? '';
        const asked = { as: named('as'), message: named('message'), button: named('button') };
        sendJson(response, 200, await actions.pressForm(asked));
      },
    ],
    [
      'GET file',
      async (_request, response, query) => {
        const person = personNamed(query.get('as') ?? '');
        const message = room.find(query.get('message') ?? '');
        const file = await fileOf(message, Number(query.get('index')), person.id);
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
    ],
    [
      'POST upload',
      async (request, response, query) => {
        const parsed = uploadSchema.safeParse(Object.fromEntries(query));
        if (!parsed.success) throw new Refused(400, 'The file has no name, or its name is too long.');
        const { id, as, name, type: mediaType } = parsed.data;
        const user = personNamed(as).id;
        const bytes = await readBytes(request, options.maxFileBytes);
        await uploads.save({ id, name, mediaType, user, bytes });
        sendJson(response, 202, {});
      },
    ],
    ['POST message', accept(postMessageSchema, actions.message)],
    ['POST command', accept(postCommandSchema, actions.command)],
    ['POST press', accept(postPressSchema, actions.press)],
    ['POST remove', accept(postRemoveSchema, actions.remove)],
    ['POST rename', accept(postRenameSchema, actions.rename)],
    [
      'POST tier',
      accept(tierSchema, async ({ tier }) => {
        if (!isTier(tier)) throw new Refused(400, `There is no tier ${JSON.stringify(tier)}.`);
        await host.setTier(tier);
        room.touchStatus();
      }),
    ],
  ]);
}

function accept<T>(schema: z.ZodType<T>, act: (post: T) => Promise<void>): Endpoint {
  return async (request, response) => {
    await act(await readJson(request, schema));
    sendJson(response, 202, {});
  };
}

function spotOf(query: URLSearchParams): Spot {
  return { channel: query.get('channel') ?? '', thread: query.get('thread') };
}

function roomInfo(
  { commands }: PlaygroundHost,
  { maxFileBytes, asksForToken }: Pick<ApiOptions, 'maxFileBytes' | 'asksForToken'>,
): RoomInfo {
  return {
    isOpen: !asksForToken,
    people: PEOPLE,
    channels: CHANNELS,
    commands: commands.map((command) => {
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
