import type { InboundEvent } from '../../../core/ports/events.ts';
import type { PersonInfo, Spot } from '../wire.ts';
import type { StoredMessage } from './messages.ts';
import { actorOf, channelOf, placeOf } from './people.ts';
import type { Room } from './room.ts';
import { createWebSurface } from './surface.ts';

export interface Asked {
  readonly audience: string | null;
  readonly isPrivate?: boolean;
  readonly about?: string | null;
}

/** Turns what people do on the page into core's events. */
export interface Deeds {
  at(id: string, person: PersonInfo, spot: Spot, asked: Asked): InboundEvent;
  /** An action on a message, visible to those who see the message. */
  on(id: string, person: PersonInfo, message: StoredMessage): InboundEvent;
}

export function createDeeds(room: Room, newId: () => string): Deeds {
  const isDm = ({ channel }: Spot) => channelOf(channel)?.owner !== null;

  function at(id: string, person: PersonInfo, spot: Spot, asked: Asked): InboundEvent {
    const { audience, isPrivate = false, about = null } = asked;
    const surface = createWebSurface(room, {
      question: id,
      user: person.id,
      spot,
      audience,
      isDm: isDm(spot),
      isPrivate,
      about,
      newId,
    });
    return { id: `web:${id}`, actor: actorOf(person), place: placeOf(spot), surface };
  }

  return {
    at,
    on: (id, person, message) => {
      const { audience } = message;
      return at(id, person, message, { audience, isPrivate: audience !== null && !isDm(message) });
    },
  };
}
