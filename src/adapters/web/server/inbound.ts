import type { InboundEvent, ThreadReader } from '../../../core/ports/events.ts';
import type { PersonInfo, Spot } from '../wire.ts';
import type { StoredMessage } from './messages.ts';
import { actorOf, isDm, placeOf } from './people.ts';
import type { Room } from './room.ts';
import { createWebSurface } from './surface.ts';
import { readThread } from './threads.ts';

interface Asked {
  readonly audience: string | null;
  readonly isPrivate?: boolean;
  readonly about?: string | null;
}

/** Core's event for what a person asks at a spot. In a thread it reads what was written there before. */
export function eventAt(
  room: Room,
  id: string,
  person: PersonInfo,
  spot: Spot,
  asked: Asked,
): InboundEvent & { readonly readThread?: ThreadReader } {
  const { thread } = spot;
  const event = eventOf(room, id, person, spot, asked);
  // A message that begins the thread has nothing before it.
  if (thread === null || thread === id) return event;
  return { ...event, readThread: async (sinceMs) => readThread(room, thread, id, sinceMs) };
}

/** Core's event for an action on a message; those who see the message see what comes of it. */
export function eventOn(room: Room, id: string, person: PersonInfo, message: StoredMessage): InboundEvent {
  const { audience } = message;
  return eventOf(room, id, person, message, { audience, isPrivate: audience !== null && !isDm(message) });
}

function eventOf(room: Room, id: string, person: PersonInfo, spot: Spot, asked: Asked): InboundEvent {
  const { audience, isPrivate = false, about = null } = asked;
  const on = { question: id, user: person.id, spot, audience, isPrivate, about };
  return {
    id: `web:${id}`,
    actor: actorOf(person),
    place: placeOf(spot),
    surface: createWebSurface(room, on),
  };
}
