import { z } from 'zod';
import { parseJson } from '../../../core/kit/json.ts';
import type { LostPlace, Reopened } from '../../../core/ports/adapter.ts';
import { PlaceGone, Unshowable } from '../../../core/ports/delivery-errors.ts';
import type { LiveMessage, MessageView, Notice, Surface } from '../../../core/ports/surface.ts';
import { type ActivityItem, spotSchema } from '../wire.ts';
import { newId, type StoredAnswer } from './messages.ts';
import { isDm, PEOPLE } from './people.ts';
import type { Room } from './room.ts';
import { nameThread } from './threads.ts';

/** The page could show any length. This is about one screen, so that long answers show how they continue. */
const MAX_MESSAGE_CHARS = 4_000;

/** 20 updates a second look continuous, and leave the browser time in between. */
const UPDATE_EVERY_MS = 50;

const optionsSchema = z.object({
  /** The event's id, which is the question's id in the room. */
  question: z.string(),
  user: z.string(),
  spot: spotSchema,
  /** The only person who sees the answer; null for everybody. */
  audience: z.string().nullable(),
  isPrivate: z.boolean(),
  /** The person's input, shown above private replies; null if everybody saw it. */
  about: z.string().nullable(),
  /** The id of the answer's next message, so that posting it twice adds nothing. */
  nextId: z.string().optional(),
});

export type SurfaceOptions = Readonly<z.infer<typeof optionsSchema>>;

/** Shows answers and notices at a spot: up to 4,000 characters a message, and 20 states of it a second. */
export function createWebSurface(room: Room, options: SurfaceOptions): Surface {
  const { question, user, spot, audience, isPrivate, about } = options;
  const { channel, thread } = spot;
  const place = { channel, thread };
  const activityKey = `activity/${question}`;
  // An id is kept until its post succeeds, so that a retry completes a post that failed half-way.
  let nextAnswerId = options.nextId ?? newId();
  let nextNoticeId = newId();

  function showActivity(activity: ActivityItem['activity'], queue: string | null = null): void {
    const item = { ...place, kind: 'activity', id: question, user, activity, queue } as const;
    room.changes.put(activityKey, item, audience);
  }

  return {
    limits: { maxChars: MAX_MESSAGE_CHARS, dialect: 'strict' },
    openScope: { key: `web:channel:${channel}`, limit: 20, windowMs: 1_000 },
    canContinueInThread: thread === null && !isDm(spot),
    isPrivate,
    isOverheard: thread !== null && !isDm(spot),
    ...(thread !== null && { rename: (title) => nameThread(room, thread, title) }),
    get reference() {
      const nextId = nextAnswerId;
      return JSON.stringify({ question, user, spot: place, audience, isPrivate, about, nextId });
    },
    indicate: (activity) => (activity === 'idle' ? room.changes.remove(activityKey) : showActivity(activity)),
    waits: (queue) => showActivity('queued', queue),
    think: () => showActivity('thinking'),
    async openMessage(view, signal) {
      signal.throwIfAborted();
      const id = nextAnswerId;
      // An earlier try or process may have posted it.
      const standing = room.find(id);
      if (standing?.kind === 'answer') await room.replace({ ...standing, ...shown(view) });
      else await room.post({ ...place, ...shown(view), kind: 'answer', id, user, audience });
      nextAnswerId = newId();
      room.changes.remove(activityKey);
      return liveMessage(room, id);
    },
    async tellPrivately(notice, signal) {
      signal.throwIfAborted();
      const id = nextNoticeId;
      const files = (notice.files ?? []).map(fileOf);
      const { text } = notice;
      await room.post({ ...place, kind: 'notice', id, user, audience: user, about, text, files });
      nextNoticeId = newId();
    },
  };
}

/** Finds the place of an answer that an earlier process was writing. */
export function reopenWebSurface(room: Room, { reference, answerId }: LostPlace): Reopened | null {
  const read = optionsSchema.safeParse(parseJson(reference));
  if (!read.success) return null;
  const spot = read.data;
  if (spot.spot.thread !== null && room.find(spot.spot.thread) === undefined) return null;
  const message = answerId === null ? undefined : newestWithButton(room, answerId);
  const nextId = spot.nextId === message?.id ? newId() : spot.nextId;
  const surface = createWebSurface(room, { ...spot, nextId });
  if (message === undefined) return { surface, message: null };
  const { id, text, status } = message;
  return { surface, message: { live: liveMessage(room, id), text, isEnded: status !== 'streaming' } };
}

function newestWithButton(room: Room, answerId: string): StoredAnswer | undefined {
  return room
    .all()
    .filter((message) => message.kind === 'answer')
    .findLast(({ buttons }) => buttons.some((button) => button.answerId === answerId));
}

function liveMessage(room: Room, id: string): LiveMessage {
  return {
    key: id,
    scope: { key: `web:message:${id}`, limit: 1, windowMs: UPDATE_EVERY_MS },
    async update(view, signal) {
      signal.throwIfAborted();
      const message = room.find(id);
      if (message?.kind !== 'answer') throw new PlaceGone('deleted');
      await room.replace({ ...message, ...shown(view) }, view.status === 'streaming');
    },
  };
}

type Shown = Pick<StoredAnswer, 'text' | 'status' | 'note' | 'footer' | 'buttons' | 'files'>;

function shown({ text, status, note, footer, buttons, files = [] }: MessageView): Shown {
  if (text.length > MAX_MESSAGE_CHARS) {
    throw new Unshowable(`a message of ${text.length} characters exceeds the limit of ${MAX_MESSAGE_CHARS}`);
  }
  return { text, status, note, footer, buttons: [...buttons], files: files.map(fileOf) };
}

function fileOf({ name, mediaType, bytes, description }: NonNullable<Notice['files']>[number]) {
  return { name, mediaType, description, base64: Buffer.from(bytes).toString('base64') };
}

/** Tells Ada and Otto, each in their own conversation with the bot. */
export async function tellAdmins(
  room: Room,
  { text, files = [] }: Notice,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { id: user, role } of PEOPLE) {
    if (role === 'member') continue;
    signal.throwIfAborted();
    const spot = { channel: `dm-${user}`, thread: null, user, audience: user };
    await room.post({ ...spot, kind: 'notice', id: newId(), about: null, text, files: files.map(fileOf) });
  }
  return true;
}
